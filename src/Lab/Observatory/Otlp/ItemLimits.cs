using System.Text;
using Google.Protobuf.Collections;

namespace Platform.Observatory.Otlp;

/// <summary>Truncates the oversized parts of an item and marks them.</summary>
internal static class ItemLimits
{
    public const int MaxAttributes = 128;
    public const int MaxValueBytes = 8 << 10;
    public const int MaxNameBytes = 1 << 10;
    public const int MaxEvents = 128;
    public const int MaxLinks = 128;

    /// <summary>After truncation; nested lists can still exceed it, and such an item is rejected.</summary>
    public const int MaxItemBytes = 1 << 20;

    public const string Mark = "…[truncated]";

    public static void Apply(Span span)
    {
        span.Name = Cut(span.Name, MaxNameBytes);
        span.TraceState = Cut(span.TraceState, MaxNameBytes);
        span.DroppedAttributesCount += Apply(span.Attributes);
        span.DroppedEventsCount += Drop(span.Events, MaxEvents);
        span.DroppedLinksCount += Drop(span.Links, MaxLinks);

        foreach (var item in span.Events)
        {
            item.Name = Cut(item.Name, MaxNameBytes);
            item.DroppedAttributesCount += Apply(item.Attributes);
        }

        foreach (var link in span.Links)
        {
            link.TraceState = Cut(link.TraceState, MaxNameBytes);
            link.DroppedAttributesCount += Apply(link.Attributes);
        }

        if (span.Status is not null)
        {
            span.Status.Message = Cut(span.Status.Message, MaxValueBytes);
        }
    }

    public static void Apply(LogRecord log)
    {
        log.SeverityText = Cut(log.SeverityText, MaxNameBytes);
        log.EventName = Cut(log.EventName, MaxNameBytes);
        log.DroppedAttributesCount += Apply(log.Attributes);
        Apply(log.Body);
    }

    public static void Apply(Resource? resource)
    {
        if (resource is not null)
        {
            resource.DroppedAttributesCount += Apply(resource.Attributes);
        }
    }

    public static void Apply(InstrumentationScope? scope)
    {
        if (scope is not null)
        {
            scope.Name = Cut(scope.Name, MaxNameBytes);
            scope.Version = Cut(scope.Version, MaxNameBytes);
            scope.DroppedAttributesCount += Apply(scope.Attributes);
        }
    }

    public static string Cut(string text, int maxBytes)
    {
        // A char is at most three bytes of UTF-8; most texts need no count.
        if (text.Length <= maxBytes / 3 || Encoding.UTF8.GetByteCount(text) <= maxBytes)
        {
            return text;
        }

        var room = maxBytes - Encoding.UTF8.GetByteCount(Mark);
        var used = 0;
        var length = 0;

        foreach (var rune in text.EnumerateRunes())
        {
            if (used + rune.Utf8SequenceLength > room)
            {
                break;
            }

            used += rune.Utf8SequenceLength;
            length += rune.Utf16SequenceLength;
        }

        return string.Concat(text.AsSpan(0, length), Mark);
    }

    private static uint Apply(RepeatedField<KeyValue> attributes)
    {
        var dropped = Drop(attributes, MaxAttributes);
        Apply((IEnumerable<KeyValue>)attributes);
        return dropped;
    }

    private static void Apply(IEnumerable<KeyValue> attributes)
    {
        foreach (var attribute in attributes)
        {
            attribute.Key = Cut(attribute.Key, MaxNameBytes);
            Apply(attribute.Value);
        }
    }

    // The depth is bounded by the decoders.
    private static void Apply(AnyValue? value)
    {
        switch (value?.ValueCase)
        {
            case AnyValue.ValueOneofCase.StringValue:
                value.StringValue = Cut(value.StringValue, MaxValueBytes);
                break;
            case AnyValue.ValueOneofCase.BytesValue when value.BytesValue.Length > MaxValueBytes:
                value.StringValue = $"{value.BytesValue.Length} bytes {Mark}";
                break;
            case AnyValue.ValueOneofCase.ArrayValue:
                foreach (var item in value.ArrayValue.Values)
                {
                    Apply(item);
                }

                break;
            case AnyValue.ValueOneofCase.KvlistValue:
                Apply(value.KvlistValue.Values);
                break;
        }
    }

    private static uint Drop<T>(RepeatedField<T> items, int max)
    {
        var dropped = 0u;

        while (items.Count > max)
        {
            items.RemoveAt(items.Count - 1);
            dropped++;
        }

        return dropped;
    }
}
