using System.Globalization;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Query;

/// <summary>Case-insensitive search in everything that is visible of a record.</summary>
internal static class RecordSearch
{
    /// <summary>In the fields that are available without parsing.</summary>
    public static bool IsInFields(TelemetryRecord record, string text) =>
        Has(record.Origin.Service, text)
        || Has(Ids.Trace(record.TraceId), text)
        || Has(Ids.Span(record.SpanId), text)
        || Has((record as StoredSpan)?.Name, text)
        || Contains(record.Origin.Resource.Resource.Attributes, text);

    public static bool Contains(RecordView view, string text) =>
        view.Span is { } span ? Contains(span, text) : view.Log is { } log && Contains(log, text);

    private static bool Contains(Span span, string text)
    {
        if (Has(span.Name, text) || Contains(span.Attributes, text) || Has(span.Status?.Message, text))
        {
            return true;
        }

        foreach (var item in span.Events)
        {
            if (Has(item.Name, text) || Contains(item.Attributes, text))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Contains(LogRecord log, string text) =>
        Contains(log.Body, text) || Contains(log.Attributes, text) || Has(log.EventName, text);

    private static bool Contains(IEnumerable<KeyValue> attributes, string text)
    {
        foreach (var attribute in attributes)
        {
            if (Contains(attribute.Value, text))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Contains(AnyValue? value, string text) =>
        value?.ValueCase switch
        {
            AnyValue.ValueOneofCase.StringValue => Has(value.StringValue, text),
            AnyValue.ValueOneofCase.IntValue => Has(value.IntValue.ToString(CultureInfo.InvariantCulture), text),
            AnyValue.ValueOneofCase.DoubleValue => Has(value.DoubleValue.ToString(CultureInfo.InvariantCulture), text),
            AnyValue.ValueOneofCase.BoolValue => Has(value.BoolValue ? "true" : "false", text),
            AnyValue.ValueOneofCase.ArrayValue => value.ArrayValue.Values.Any(item => Contains(item, text)),
            AnyValue.ValueOneofCase.KvlistValue => Contains(value.KvlistValue.Values, text),
            _ => false,
        };

    private static bool Has(string? value, string text) => value?.Contains(text, StringComparison.OrdinalIgnoreCase) == true;
}
