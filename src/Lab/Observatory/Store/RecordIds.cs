using Google.Protobuf.Collections;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Store;

/// <summary>
/// The ids by which people look for records. A record keeps their hashes, a few bytes each, so that a search passes over the whole
/// store quickly and unpacks only what it finds.
/// </summary>
internal static class RecordIds
{
    public static readonly string[] Keys = ["request.id", "user.id", "tenant.id", "platform.order.id"];

    public static int[] HashesOf(RepeatedField<KeyValue> attributes)
    {
        List<int>? hashes = null;

        foreach (var attribute in attributes)
        {
            if (HashOf(attribute) is { } hash)
            {
                (hashes ??= []).Add(hash);
            }
        }

        return hashes is null ? [] : [.. hashes];
    }

    /// <summary>Null for an attribute that is none of the ids.</summary>
    public static int? HashOf(KeyValue attribute) => Keys.Contains(attribute.Key) && TextOf(attribute) is { Length: > 0 } id ? HashOf(id) : null;

    /// <summary>Never 0.</summary>
    public static int HashOf(string id) => string.GetHashCode(id, StringComparison.Ordinal) is var hash and not 0 ? hash : 1;

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

    private static string? TextOf(KeyValue attribute) => attribute.Value?.ValueCase switch
    {
        AnyValue.ValueOneofCase.StringValue => attribute.Value.StringValue,
        AnyValue.ValueOneofCase.IntValue => attribute.Value.IntValue.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => null,
    };
}
