using System.Globalization;
using System.Text.Json;

namespace Platform.Observatory.Text;

/// <summary>Reads untrusted JSON: a missing value, or one of another kind, is null and never an error.</summary>
internal static class JsonRead
{
    public static JsonElement? Child(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } parent
        && parent.TryGetProperty(name, out var value)
        && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    /// <summary>Null for what is empty too.</summary>
    public static string? Text(JsonElement? element, string name) => Text(Child(element, name)) is { Length: > 0 } text ? text : null;

    public static string? Text(JsonElement? element) =>
        element switch
        {
            { ValueKind: JsonValueKind.String } text => TextOf(text),
            { ValueKind: JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } other => other.GetRawText(),
            _ => null,
        };

    // Half of a surrogate pair, or bytes that are no UTF-8: no text.
    private static string? TextOf(JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string? NameOf(JsonProperty item)
    {
        try
        {
            return item.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    public static bool? Flag(JsonElement? element, string name) =>
        Child(element, name)?.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        };

    public static double? Number(JsonElement? element, string name) =>
        double.TryParse(Text(element, name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : null;

    public static int? Integer(JsonElement? element, string name) =>
        Number(element, name) is { } number and >= 0 and <= int.MaxValue ? (int)number : null;

    /// <summary>A bare array, or one inside {"values": []}.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement? element, string name) =>
        Child(element, name) switch
        {
            { ValueKind: JsonValueKind.Array } list => list.EnumerateArray(),
            { ValueKind: JsonValueKind.Object } holder when Child(holder, "values") is { ValueKind: JsonValueKind.Array } list =>
                list.EnumerateArray(),
            _ => [],
        };

    /// <summary>A map of texts, which also comes as a list of pairs.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Map(JsonElement? element, string name) =>
        Child(element, name) switch
        {
            { ValueKind: JsonValueKind.Object } map => map.EnumerateObject()
                .Select(item => (Name: NameOf(item), item.Value))
                .Where(item => item.Name is not null)
                .Select(item => KeyValuePair.Create(item.Name!, Text(item.Value) ?? item.Value.GetRawText())),
            { ValueKind: JsonValueKind.Array } list => list.EnumerateArray()
                .Where(pair => pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2 && Text(pair[0]) is not null)
                .Select(pair => KeyValuePair.Create(Text(pair[0])!, Text(pair[1]) ?? "")),
            _ => [],
        };

    /// <summary>ISO 8601, or seconds since 1970 with a fraction.</summary>
    public static DateTimeOffset? Time(JsonElement? element, string name)
    {
        if (Text(element, name) is not { } text)
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            return seconds is >= 0 and < 253_402_300_799
                ? DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond))
                : null;
        }

        return DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time
        )
            ? time
            : null;
    }
}
