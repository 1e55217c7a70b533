using Google.Protobuf.Collections;

namespace Platform.Observatory.Otlp;

/// <summary>
/// The ids by which people look for records. Each record keeps a Bloom filter of them in eight bytes, so that a search scans the whole
/// store quickly and parses only candidates.
/// </summary>
internal static class RecordIds
{
    public static readonly string[] Keys = ["request.id", "user.id", "tenant.id", "platform.order.id"];

    // Four ids set at most a quarter of 64 bits: one false positive in 256 records.
    private const int BitsPerId = 4;

    /// <summary>The bits of all ids among the attributes; 0 when there is none.</summary>
    public static ulong BitsOf(RepeatedField<KeyValue> attributes)
    {
        var bits = 0UL;

        foreach (var attribute in attributes)
        {
            bits |= BitsOf(attribute);
        }

        return bits;
    }

    /// <summary>0 for an attribute that is none of the ids.</summary>
    public static ulong BitsOf(KeyValue attribute) =>
        Keys.Contains(attribute.Key) && TextOf(attribute) is { Length: > 0 } id ? BitsOf(id) : 0;

    /// <summary>Never 0. A record that carries the id has all of them.</summary>
    public static ulong BitsOf(string id)
    {
        var hash = (uint)string.GetHashCode(id, StringComparison.Ordinal);
        var bits = 0UL;

        for (var bit = 0; bit < BitsPerId; bit++)
        {
            bits |= 1UL << (int)((hash >> (6 * bit)) & 63);
        }

        return bits;
    }

    public static bool Contains(RepeatedField<KeyValue> attributes, string id)
    {
        foreach (var attribute in attributes)
        {
            if (Keys.Contains(attribute.Key) && TextOf(attribute) == id)
            {
                return true;
            }
        }

        return false;
    }

    private static string? TextOf(KeyValue attribute) =>
        attribute.Value?.ValueCase switch
        {
            AnyValue.ValueOneofCase.StringValue => attribute.Value.StringValue,
            AnyValue.ValueOneofCase.IntValue => attribute.Value.IntValue.ToString(System.Globalization.CultureInfo.InvariantCulture),
            _ => null,
        };
}
