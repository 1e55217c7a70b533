using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Platform.Redaction;

namespace Platform.ServiceDefaults;

internal sealed class PlatformConsoleOptions : ConsoleFormatterOptions
{
    /// <summary>One JSON object per line; otherwise readable text.</summary>
    public bool Json { get; set; }
}

/// <summary>
/// Formats console lines. JSON is flat, with the same names in every service; empty fields are omitted:
/// <code>{"timestamp":"…","level":"info","message":"request completed","service":"orders","environment":"Production","release":"…",
/// "region":"local","trace_id":"…","span_id":"…","request_id":"…","user_id":"…","tenant_id":"…","route":"/api/orders",
/// "method":"POST","status":202,"duration_ms":12.3,"event":"request.completed"}</code>
/// </summary>
internal sealed class PlatformConsoleFormatter(IOptionsMonitor<PlatformConsoleOptions> options, ServiceIdentity identity, TimeProvider time)
    : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "platform";

    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = Redactor.Redact(logEntry.Formatter(logEntry.State, logEntry.Exception));
        if (options.CurrentValue.Json)
        {
            textWriter.WriteLine(
                ToJson(
                    message,
                    logEntry.LogLevel,
                    logEntry.EventId,
                    logEntry.State as IReadOnlyList<KeyValuePair<string, object?>>,
                    logEntry.Exception
                )
            );
        }
        else
        {
            textWriter.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{time.GetUtcNow():HH:mm:ss.fff} {NameOf(logEntry.LogLevel), -5} {logEntry.Category}: {message}"
                )
            );
            if (logEntry.Exception is { } exception)
            {
                textWriter.WriteLine(Redactor.Redact(exception.ToString()));
            }
        }
    }

    private string ToJson(
        string message,
        LogLevel level,
        EventId eventId,
        IReadOnlyList<KeyValuePair<string, object?>>? state,
        Exception? exception
    )
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, JsonOptions))
        {
            json.WriteStartObject();
            json.WriteString("timestamp", time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("level", NameOf(level));
            json.WriteString("message", message);
            WriteIdentity(json);
            WriteCorrelation(json);
            if (eventId.Name is { } name && name.Contains('.', StringComparison.Ordinal))
            {
                json.WriteString("event", name);
            }

            // Each name is written once: a placeholder cannot overwrite the identity.
            foreach (var (key, value) in state ?? [])
            {
                var field = SnakeCase(key);
                if (key != "{OriginalFormat}" && !Reserved.Contains(field))
                {
                    WriteValue(json, field, value);
                }
            }

            if (exception is not null)
            {
                json.WriteString("error", Redactor.Redact($"{exception.GetType().FullName}: {exception.Message}"));
                json.WriteString("stack", Redactor.Redact(exception.StackTrace ?? ""));
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static readonly HashSet<string> Reserved =
    [
        "timestamp",
        "level",
        "message",
        "service",
        "environment",
        "release",
        "region",
        "trace_id",
        "span_id",
        "request_id",
        "user_id",
        "tenant_id",
        "job_name",
        "event",
        "error",
        "stack",
    ];

    private void WriteIdentity(Utf8JsonWriter json)
    {
        json.WriteString("service", identity.Service);
        json.WriteString("environment", identity.Environment);
        json.WriteString("release", identity.Release);
        json.WriteString("region", identity.Region);
    }

    private static void WriteCorrelation(Utf8JsonWriter json)
    {
        // Runs on the logging thread, so the current span is the line's.
        if (Activity.Current is not { } activity)
        {
            return;
        }

        json.WriteString("trace_id", activity.TraceId.ToString());
        json.WriteString("span_id", activity.SpanId.ToString());
        foreach (var name in Correlation.Names)
        {
            if (activity.GetBaggageItem(name) is { } value)
            {
                json.WriteString(name.Replace('.', '_'), value);
            }
        }
    }

    private static void WriteValue(Utf8JsonWriter json, string name, object? value)
    {
        switch (Redactor.Redact(name, value))
        {
            case null:
                break;
            case bool boolean:
                json.WriteBoolean(name, boolean);
                break;
            case int or long or short or byte:
                json.WriteNumber(name, Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double number when double.IsFinite(number):
                json.WriteNumber(name, number);
                break;
            case decimal number:
                json.WriteNumber(name, number);
                break;
            case var text:
                json.WriteString(name, Convert.ToString(text, CultureInfo.InvariantCulture));
                break;
        }
    }

    internal static string NameOf(LogLevel level) =>
        level switch
        {
            LogLevel.Trace => "trace",
            LogLevel.Debug => "debug",
            LogLevel.Information => "info",
            LogLevel.Warning => "warn",
            LogLevel.Error => "error",
            _ => "fatal",
        };

    private static string SnakeCase(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
