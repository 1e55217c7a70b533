using System.Globalization;
using Platform.Observatory.Text;

namespace Platform.Observatory.Otlp;

/// <summary>Attribute values as people read them.</summary>
internal static class ValueText
{
    /// <summary>A page shows at most this much of one value; the query API has the rest.</summary>
    private const int MaxLength = 2_000;

    public static string Of(AnyValue? value)
    {
        var text = Whole(value);
        return text.Length <= MaxLength
            ? text
            : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[MaxLength - 1]) ? MaxLength - 1 : MaxLength), "…");
    }

    public static IReadOnlyList<Pair> Pairs(IEnumerable<KeyValue> attributes) =>
        [.. attributes.Select(attribute => new Pair(attribute.Key, Of(attribute.Value)))];

    public static string? Find(IEnumerable<KeyValue> attributes, string key)
    {
        foreach (var attribute in attributes)
        {
            if (attribute.Key == key)
            {
                return Of(attribute.Value);
            }
        }

        return null;
    }

    public static string Whole(AnyValue? value) =>
        value?.ValueCase switch
        {
            AnyValue.ValueOneofCase.StringValue => value.StringValue,
            AnyValue.ValueOneofCase.BoolValue => value.BoolValue ? "true" : "false",
            AnyValue.ValueOneofCase.IntValue => value.IntValue.ToString(CultureInfo.InvariantCulture),
            AnyValue.ValueOneofCase.DoubleValue => value.DoubleValue.ToString(CultureInfo.InvariantCulture),
            AnyValue.ValueOneofCase.BytesValue => Convert.ToHexStringLower(value.BytesValue.Span),
            AnyValue.ValueOneofCase.ArrayValue => $"[{string.Join(", ", value.ArrayValue.Values.Select(Whole))}]",
            AnyValue.ValueOneofCase.KvlistValue =>
                $"{{{string.Join(", ", value.KvlistValue.Values.Select(pair => $"{pair.Key}: {Whole(pair.Value)}"))}}}",
            _ => "",
        };
}
