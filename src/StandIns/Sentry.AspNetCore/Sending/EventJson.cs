using System.Text.Json;
using System.Text.Json.Serialization;
using Sentry.Protocol;

namespace Sentry.Sending;

/// <summary>The payload of an event item. Absent values are left out.</summary>
internal static class EventJson
{
    private static readonly JsonSerializerOptions FreeData = new() { MaxDepth = 16, ReferenceHandler = ReferenceHandler.IgnoreCycles };

    public static byte[] Write(Action<Utf8JsonWriter> members)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    public static byte[] Write(SentryEvent evt) => Write(writer =>
    {
        writer.WriteString("event_id", evt.EventId.ToString());
        writer.WriteString("timestamp", evt.Timestamp);
        WriteMessage(writer, evt.Message);
        Text(writer, "logger", evt.Logger);
        Text(writer, "platform", evt.Platform);
        Text(writer, "server_name", evt.ServerName);
        Text(writer, "release", evt.Release);
        Text(writer, "dist", evt.Distribution);
        Values(writer, "exception", evt.SentryExceptions, WriteException);
        Values(writer, "threads", evt.SentryThreads, WriteThread);
        Text(writer, "level", Lower(evt.Level));
        Text(writer, "transaction", evt.TransactionName);
        WriteRequest(writer, evt.Request);
        Map(writer, "contexts", evt.Contexts, WriteContext);
        WriteUser(writer, evt.User);
        Text(writer, "environment", evt.Environment);
        writer.WriteStartObject("sdk");
        Text(writer, "name", evt.Sdk.Name);
        Text(writer, "version", evt.Sdk.Version);
        writer.WriteEndObject();
        List(writer, "fingerprint", evt.Fingerprint, (_, part) => writer.WriteStringValue(part));
        List(writer, "breadcrumbs", evt.Breadcrumbs, WriteBreadcrumb);
        Map(writer, "extra", evt.Extra, WriteFree);
        Map(writer, "tags", evt.Tags, (_, value) => writer.WriteStringValue(value));
    });

    /// <summary>Breadcrumbs are "info", events "info": the lower-case name of the enum.</summary>
    public static string? Lower<TLevel>(TLevel? level)
        where TLevel : struct, Enum => level?.ToString().ToLowerInvariant();

    private static void WriteMessage(Utf8JsonWriter writer, SentryMessage? message)
    {
        if (message is null)
        {
            return;
        }

        writer.WriteStartObject("logentry");
        Text(writer, "message", message.Message);
        List(writer, "params", message.Params?.ToList() ?? [], WriteFree);
        Text(writer, "formatted", message.Formatted);
        writer.WriteEndObject();
    }

    private static void WriteException(Utf8JsonWriter writer, SentryException exception)
    {
        writer.WriteStartObject();
        Text(writer, "type", exception.Type);
        Text(writer, "value", exception.Value);
        Text(writer, "module", exception.Module);
        writer.WriteNumber("thread_id", exception.ThreadId);
        WriteStack(writer, exception.Stacktrace);
        if (exception.Mechanism is { } mechanism)
        {
            writer.WriteStartObject("mechanism");
            Text(writer, "type", mechanism.Type);
            Text(writer, "description", mechanism.Description);
            Text(writer, "source", mechanism.Source);
            Flag(writer, "handled", mechanism.Handled);
            Flag(writer, "is_exception_group", mechanism.IsExceptionGroup ? true : null);
            Number(writer, "exception_id", mechanism.ExceptionId);
            Number(writer, "parent_id", mechanism.ParentId);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteThread(Utf8JsonWriter writer, SentryThread thread)
    {
        writer.WriteStartObject();
        Number(writer, "id", thread.Id);
        Text(writer, "name", thread.Name);
        Flag(writer, "crashed", thread.Crashed);
        Flag(writer, "current", thread.Current);
        WriteStack(writer, thread.Stacktrace);
        writer.WriteEndObject();
    }

    private static void WriteStack(Utf8JsonWriter writer, SentryStackTrace? stack)
    {
        if (stack is null)
        {
            return;
        }

        writer.WriteStartObject("stacktrace");
        List(writer, "frames", stack.Frames.ToList(), (_, frame) =>
        {
            writer.WriteStartObject();
            Text(writer, "filename", frame.FileName);
            Text(writer, "function", frame.Function);
            Text(writer, "module", frame.Module);
            Number(writer, "lineno", frame.LineNumber);
            Number(writer, "colno", frame.ColumnNumber);
            Text(writer, "abs_path", frame.AbsolutePath);
            Flag(writer, "in_app", frame.InApp);
            Text(writer, "package", frame.Package);
            writer.WriteEndObject();
        });
        writer.WriteEndObject();
    }

    private static void WriteRequest(Utf8JsonWriter writer, SentryRequest request)
    {
        if (request.IsEmpty)
        {
            return;
        }

        writer.WriteStartObject("request");
        Text(writer, "url", request.Url);
        Text(writer, "method", request.Method);
        Text(writer, "query_string", request.QueryString);
        Text(writer, "cookies", request.Cookies);
        if (request.Data is { } data)
        {
            writer.WritePropertyName("data");
            WriteFree(writer, data);
        }

        Map(writer, "headers", request.Headers, (_, value) => writer.WriteStringValue(value));
        Map(writer, "env", request.Env, (_, value) => writer.WriteStringValue(value));
        Map(writer, "other", request.Other, (_, value) => writer.WriteStringValue(value));
        writer.WriteEndObject();
    }

    private static void WriteUser(Utf8JsonWriter writer, SentryUser user)
    {
        if (user.IsEmpty)
        {
            return;
        }

        writer.WriteStartObject("user");
        Text(writer, "id", user.Id);
        Text(writer, "username", user.Username);
        Text(writer, "email", user.Email);
        Text(writer, "ip_address", user.IpAddress);
        Map(writer, "other", user.Other, (_, value) => writer.WriteStringValue(value));
        writer.WriteEndObject();
    }

    private static void WriteContext(Utf8JsonWriter writer, object context)
    {
        if (context is not Trace trace)
        {
            WriteFree(writer, context);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("type", "trace");
        writer.WriteString("trace_id", trace.TraceId.ToString());
        writer.WriteString("span_id", trace.SpanId.ToString());
        Text(writer, "parent_span_id", trace.ParentSpanId?.ToString());
        Text(writer, "op", trace.Operation.Length > 0 ? trace.Operation : null);
        writer.WriteEndObject();
    }

    private static void WriteBreadcrumb(Utf8JsonWriter writer, Breadcrumb breadcrumb)
    {
        writer.WriteStartObject();
        writer.WriteString("timestamp", breadcrumb.Timestamp);
        Text(writer, "message", breadcrumb.Message);
        Text(writer, "type", breadcrumb.Type);
        Map(writer, "data", breadcrumb.Data ?? new Dictionary<string, string>(), (_, value) => writer.WriteStringValue(value));
        Text(writer, "category", breadcrumb.Category);
        Text(writer, "level", Lower<BreadcrumbLevel>(breadcrumb.Level));
        writer.WriteEndObject();
    }

    private static void WriteFree(Utf8JsonWriter writer, object? value)
    {
        byte[] json;
        try
        {
            json = JsonSerializer.SerializeToUtf8Bytes(value, FreeData);
        }
#pragma warning disable CA1031 // a user's object may throw anything from a getter; the event goes out with its type name instead
        catch (Exception)
#pragma warning restore CA1031
        {
            json = JsonSerializer.SerializeToUtf8Bytes(value!.GetType().FullName);
        }

        writer.WriteRawValue(json);
    }

    private static void Text(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, Sentry.Text.Shorten(value));
        }
    }

    private static void Number(Utf8JsonWriter writer, string name, int? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
    }

    private static void Flag(Utf8JsonWriter writer, string name, bool? value)
    {
        if (value is { } flag)
        {
            writer.WriteBoolean(name, flag);
        }
    }

    private static void Values<T>(Utf8JsonWriter writer, string name, IEnumerable<T>? values, Action<Utf8JsonWriter, T> write)
    {
        if (values is not null)
        {
            writer.WriteStartObject(name);
            List(writer, "values", values.ToList(), write);
            writer.WriteEndObject();
        }
    }

    private static void List<T>(Utf8JsonWriter writer, string name, IReadOnlyCollection<T> values, Action<Utf8JsonWriter, T> write)
    {
        if (values.Count == 0)
        {
            return;
        }

        writer.WriteStartArray(name);
        foreach (var value in values)
        {
            write(writer, value);
        }

        writer.WriteEndArray();
    }

    private static void Map<T>(Utf8JsonWriter writer, string name, IEnumerable<KeyValuePair<string, T>> values, Action<Utf8JsonWriter, T> write)
    {
        var open = false;
        foreach (var (key, value) in values)
        {
            if (!open)
            {
                writer.WriteStartObject(name);
                open = true;
            }

            writer.WritePropertyName(key);
            write(writer, value);
        }

        if (open)
        {
            writer.WriteEndObject();
        }
    }
}
