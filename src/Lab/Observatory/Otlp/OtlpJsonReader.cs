using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Platform.Observatory.Otlp;

/// <summary>
/// OTLP's JSON, which is not protobuf's: ids are hex, enums are numbers, and JavaScript senders write 64-bit integers as numbers where the
/// mapping says strings. Both are accepted. <c>{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8e..",
/// "startTimeUnixNano":"1544712660000000000","attributes":[{"key":"n","value":{"intValue":3}}]}]}]}]}</c>
/// </summary>
internal static partial class OtlpJsonReader
{
    public static ExportTraceServiceRequest ReadTraces(JsonElement root)
    {
        var request = new ExportTraceServiceRequest();
        Each(
            root,
            "resourceSpans",
            request.ResourceSpans,
            group =>
            {
                var made = new ResourceSpans { Resource = Child(group, "resource", ReadResource), SchemaUrl = Text(group, "schemaUrl") };
                Each(
                    group,
                    "scopeSpans",
                    made.ScopeSpans,
                    scope =>
                    {
                        var spans = new ScopeSpans { Scope = Child(scope, "scope", ReadScope), SchemaUrl = Text(scope, "schemaUrl") };
                        Each(scope, "spans", spans.Spans, ReadSpan);
                        return spans;
                    }
                );
                return made;
            }
        );
        return request;
    }

    public static ExportLogsServiceRequest ReadLogs(JsonElement root)
    {
        var request = new ExportLogsServiceRequest();
        Each(
            root,
            "resourceLogs",
            request.ResourceLogs,
            group =>
            {
                var made = new ResourceLogs { Resource = Child(group, "resource", ReadResource), SchemaUrl = Text(group, "schemaUrl") };
                Each(
                    group,
                    "scopeLogs",
                    made.ScopeLogs,
                    scope =>
                    {
                        var logs = new ScopeLogs { Scope = Child(scope, "scope", ReadScope), SchemaUrl = Text(scope, "schemaUrl") };
                        Each(scope, "logRecords", logs.LogRecords, ReadLog);
                        return logs;
                    }
                );
                return made;
            }
        );
        return request;
    }

    private static Span ReadSpan(JsonElement element)
    {
        var span = new Span
        {
            TraceId = Id(element, "traceId"),
            SpanId = Id(element, "spanId"),
            ParentSpanId = Id(element, "parentSpanId"),
            TraceState = Text(element, "traceState"),
            Name = Text(element, "name"),
            Kind = (Span.Types.SpanKind)Int32(element, "kind"),
            StartTimeUnixNano = UInt64(element, "startTimeUnixNano"),
            EndTimeUnixNano = UInt64(element, "endTimeUnixNano"),
            DroppedAttributesCount = UInt32(element, "droppedAttributesCount"),
            DroppedEventsCount = UInt32(element, "droppedEventsCount"),
            DroppedLinksCount = UInt32(element, "droppedLinksCount"),
            Flags = UInt32(element, "flags"),
            Status = Child(
                element,
                "status",
                status => new Status { Code = (Status.Types.StatusCode)Int32(status, "code"), Message = Text(status, "message") }
            ),
        };
        Each(element, "attributes", span.Attributes, ReadKeyValue);
        Each(
            element,
            "events",
            span.Events,
            item =>
            {
                var made = new Span.Types.Event
                {
                    TimeUnixNano = UInt64(item, "timeUnixNano"),
                    Name = Text(item, "name"),
                    DroppedAttributesCount = UInt32(item, "droppedAttributesCount"),
                };
                Each(item, "attributes", made.Attributes, ReadKeyValue);
                return made;
            }
        );
        Each(
            element,
            "links",
            span.Links,
            item =>
            {
                var made = new Span.Types.Link
                {
                    TraceId = Id(item, "traceId"),
                    SpanId = Id(item, "spanId"),
                    TraceState = Text(item, "traceState"),
                    DroppedAttributesCount = UInt32(item, "droppedAttributesCount"),
                    Flags = UInt32(item, "flags"),
                };
                Each(item, "attributes", made.Attributes, ReadKeyValue);
                return made;
            }
        );
        return span;
    }

    private static LogRecord ReadLog(JsonElement element)
    {
        var log = new LogRecord
        {
            TimeUnixNano = UInt64(element, "timeUnixNano"),
            ObservedTimeUnixNano = UInt64(element, "observedTimeUnixNano"),
            SeverityNumber = Int32(element, "severityNumber"),
            SeverityText = Text(element, "severityText"),
            Body = Child(element, "body", ReadAnyValue),
            TraceId = Id(element, "traceId"),
            SpanId = Id(element, "spanId"),
            EventName = Text(element, "eventName"),
            DroppedAttributesCount = UInt32(element, "droppedAttributesCount"),
            Flags = UInt32(element, "flags"),
        };
        Each(element, "attributes", log.Attributes, ReadKeyValue);
        return log;
    }

    private static Resource ReadResource(JsonElement element)
    {
        var resource = new Resource { DroppedAttributesCount = UInt32(element, "droppedAttributesCount") };
        Each(element, "attributes", resource.Attributes, ReadKeyValue);
        return resource;
    }

    private static InstrumentationScope ReadScope(JsonElement element)
    {
        var scope = new InstrumentationScope
        {
            Name = Text(element, "name"),
            Version = Text(element, "version"),
            DroppedAttributesCount = UInt32(element, "droppedAttributesCount"),
        };
        Each(element, "attributes", scope.Attributes, ReadKeyValue);
        return scope;
    }

    private static KeyValue ReadKeyValue(JsonElement element) =>
        new() { Key = Text(element, "key"), Value = Child(element, "value", ReadAnyValue) };

    // The depth is bounded by JsonDocument (64 levels of JSON).
    private static AnyValue ReadAnyValue(JsonElement element)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            switch (property.Name)
            {
                case "stringValue":
                    return new AnyValue { StringValue = property.Value.GetString() };
                case "boolValue":
                    return new AnyValue { BoolValue = property.Value.GetBoolean() };
                case "intValue":
                    return new AnyValue { IntValue = Integer<long>(property.Value) };
                case "doubleValue":
                    return new AnyValue { DoubleValue = Double(property.Value) };
                case "bytesValue":
                    return new AnyValue { BytesValue = ByteString.FromBase64(property.Value.GetString() ?? "") };
                case "arrayValue":
                    var array = new ArrayValue();
                    Each(property.Value, "values", array.Values, ReadAnyValue);
                    return new AnyValue { ArrayValue = array };
                case "kvlistValue":
                    var list = new KeyValueList();
                    Each(property.Value, "values", list.Values, ReadKeyValue);
                    return new AnyValue { KvlistValue = list };
            }
        }

        return new AnyValue();
    }

    private static JsonElement? Property(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static void Each<T>(JsonElement element, string name, RepeatedField<T> into, Func<JsonElement, T> read)
    {
        if (Property(element, name) is { } array)
        {
            foreach (var item in array.EnumerateArray())
            {
                into.Add(read(item));
            }
        }
    }

    private static T? Child<T>(JsonElement element, string name, Func<JsonElement, T> read)
        where T : class => Property(element, name) is { } child ? read(child) : null;

    private static string Text(JsonElement element, string name) => Property(element, name)?.GetString() ?? "";

    private static ByteString Id(JsonElement element, string name) =>
        Property(element, name)?.GetString() is { Length: > 0 } hex ? ByteString.CopyFrom(Convert.FromHexString(hex)) : ByteString.Empty;

    private static int Int32(JsonElement element, string name) => Property(element, name) is { } value ? Integer<int>(value) : 0;

    private static uint UInt32(JsonElement element, string name) => Property(element, name) is { } value ? Integer<uint>(value) : 0;

    private static ulong UInt64(JsonElement element, string name) => Property(element, name) is { } value ? Integer<ulong>(value) : 0;

    private static T Integer<T>(JsonElement value)
        where T : struct, System.Numerics.IBinaryInteger<T>
    {
        var text =
            value.ValueKind == JsonValueKind.String ? value.GetString()!
            : value.ValueKind == JsonValueKind.Number ? value.GetRawText()
            : "";

        if (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
        {
            return integer;
        }

        // 1e3 and 3.0 are whole numbers too.
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && decimal.IsInteger(number))
        {
            try
            {
                return T.CreateChecked(number);
            }
            catch (OverflowException exception)
            {
                throw new FormatException("A number is out of range.", exception);
            }
        }

        throw new FormatException("A whole number was expected.");
    }

    private static double Double(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number ? value.GetDouble()
        : double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
        : throw new FormatException("A number was expected.");
}
