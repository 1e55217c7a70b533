using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Api;

/// <summary>Messages to OTLP's JSON: hex ids, enums as numbers, 64-bit integers as strings.</summary>
internal static class OtlpJsonWriter
{
    public static void WriteResource(Utf8JsonWriter writer, OriginResource origin)
    {
        writer.WriteStartObject("resource");
        WriteAttributes(writer, origin.Resource.Attributes, origin.Resource.DroppedAttributesCount);
        writer.WriteEndObject();
        WriteText(writer, "schemaUrl", origin.SchemaUrl);
    }

    public static void WriteScope(Utf8JsonWriter writer, Origin origin)
    {
        if (origin.Scope is { } scope)
        {
            writer.WriteStartObject("scope");
            WriteText(writer, "name", scope.Name);
            WriteText(writer, "version", scope.Version);
            WriteAttributes(writer, scope.Attributes, scope.DroppedAttributesCount);
            writer.WriteEndObject();
        }

        WriteText(writer, "schemaUrl", origin.ScopeSchemaUrl);
    }

    public static void WriteRecord(Utf8JsonWriter writer, TelemetryRecord record)
    {
        if (record is StoredSpan span)
        {
            WriteSpan(writer, span.Parse());
        }
        else if (record is StoredLog log)
        {
            WriteLog(writer, log.Parse());
        }
    }

    private static void WriteSpan(Utf8JsonWriter writer, Span span)
    {
        writer.WriteStartObject();
        writer.WriteString("traceId", Ids.Hex(span.TraceId));
        writer.WriteString("spanId", Ids.Hex(span.SpanId));
        WriteText(writer, "traceState", span.TraceState);
        WriteId(writer, "parentSpanId", span.ParentSpanId);
        writer.WriteNumber("flags", span.Flags);
        writer.WriteString("name", span.Name);
        writer.WriteNumber("kind", (int)span.Kind);
        WriteLong(writer, "startTimeUnixNano", span.StartTimeUnixNano);
        WriteLong(writer, "endTimeUnixNano", span.EndTimeUnixNano);
        WriteAttributes(writer, span.Attributes, span.DroppedAttributesCount);
        writer.WriteStartArray("events");

        foreach (var item in span.Events)
        {
            writer.WriteStartObject();
            WriteLong(writer, "timeUnixNano", item.TimeUnixNano);
            writer.WriteString("name", item.Name);
            WriteAttributes(writer, item.Attributes, item.DroppedAttributesCount);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteCount(writer, "droppedEventsCount", span.DroppedEventsCount);
        writer.WriteStartArray("links");

        foreach (var link in span.Links)
        {
            writer.WriteStartObject();
            writer.WriteString("traceId", Ids.Hex(link.TraceId));
            writer.WriteString("spanId", Ids.Hex(link.SpanId));
            WriteText(writer, "traceState", link.TraceState);
            WriteAttributes(writer, link.Attributes, link.DroppedAttributesCount);
            writer.WriteNumber("flags", link.Flags);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteCount(writer, "droppedLinksCount", span.DroppedLinksCount);
        writer.WriteStartObject("status");
        writer.WriteNumber("code", (int)(span.Status?.Code ?? Status.Types.StatusCode.Unset));
        WriteText(writer, "message", span.Status?.Message);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteLog(Utf8JsonWriter writer, LogRecord log)
    {
        writer.WriteStartObject();
        WriteLong(writer, "timeUnixNano", log.TimeUnixNano);
        WriteLong(writer, "observedTimeUnixNano", log.ObservedTimeUnixNano);
        writer.WriteNumber("severityNumber", log.SeverityNumber);
        WriteText(writer, "severityText", log.SeverityText);
        WriteText(writer, "eventName", log.EventName);

        if (log.Body is not null)
        {
            writer.WritePropertyName("body");
            WriteValue(writer, log.Body);
        }

        WriteAttributes(writer, log.Attributes, log.DroppedAttributesCount);
        WriteId(writer, "traceId", log.TraceId);
        WriteId(writer, "spanId", log.SpanId);
        writer.WriteNumber("flags", log.Flags);
        writer.WriteEndObject();
    }

    private static void WriteAttributes(Utf8JsonWriter writer, IEnumerable<KeyValue> attributes, uint dropped)
    {
        WriteKeyValues(writer, "attributes", attributes);
        WriteCount(writer, "droppedAttributesCount", dropped);
    }

    private static void WriteKeyValues(Utf8JsonWriter writer, string name, IEnumerable<KeyValue> attributes)
    {
        writer.WriteStartArray(name);

        foreach (var attribute in attributes)
        {
            writer.WriteStartObject();
            writer.WriteString("key", attribute.Key);
            writer.WritePropertyName("value");
            WriteValue(writer, attribute.Value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteValue(Utf8JsonWriter writer, AnyValue? value)
    {
        writer.WriteStartObject();

        switch (value?.ValueCase)
        {
            case AnyValue.ValueOneofCase.StringValue:
                writer.WriteString("stringValue", value.StringValue);
                break;
            case AnyValue.ValueOneofCase.BoolValue:
                writer.WriteBoolean("boolValue", value.BoolValue);
                break;
            case AnyValue.ValueOneofCase.IntValue:
                writer.WriteString("intValue", value.IntValue.ToString(CultureInfo.InvariantCulture));
                break;
            case AnyValue.ValueOneofCase.DoubleValue when double.IsFinite(value.DoubleValue):
                writer.WriteNumber("doubleValue", value.DoubleValue);
                break;
            case AnyValue.ValueOneofCase.DoubleValue:
                // JSON has no number for these; the mapping says NaN, Infinity and -Infinity.
                writer.WriteString("doubleValue", value.DoubleValue.ToString(CultureInfo.InvariantCulture));
                break;
            case AnyValue.ValueOneofCase.BytesValue:
                writer.WriteBase64String("bytesValue", value.BytesValue.Span);
                break;
            case AnyValue.ValueOneofCase.ArrayValue:
                writer.WriteStartObject("arrayValue");
                writer.WriteStartArray("values");

                foreach (var item in value.ArrayValue.Values)
                {
                    WriteValue(writer, item);
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
                break;
            case AnyValue.ValueOneofCase.KvlistValue:
                writer.WriteStartObject("kvlistValue");
                WriteKeyValues(writer, "values", value.KvlistValue.Values);
                writer.WriteEndObject();
                break;
        }

        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, string name, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            writer.WriteString(name, text);
        }
    }

    private static void WriteId(Utf8JsonWriter writer, string name, ByteString id)
    {
        if (!id.IsEmpty)
        {
            writer.WriteString(name, Ids.Hex(id));
        }
    }

    private static void WriteLong(Utf8JsonWriter writer, string name, ulong value) =>
        writer.WriteString(name, value.ToString(CultureInfo.InvariantCulture));

    private static void WriteCount(Utf8JsonWriter writer, string name, uint count)
    {
        if (count > 0)
        {
            writer.WriteNumber(name, count);
        }
    }
}
