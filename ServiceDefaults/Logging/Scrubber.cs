using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Platform.ServiceDefaults.Logging;

/// <summary>
/// The second line of defence for texts whose content nobody chose: exception messages, values from outside. What is known to be secret
/// never gets this far, because its type formats as ***. What has a name and a value goes through <see cref="Value(string, object?)"/>,
/// wherever it leaves the service.
/// </summary>
public static partial class Scrubber
{
    private const string Mask = "***";

    /// <summary>A card number has no fewer digits.</summary>
    private const long SmallestCardNumber = 1_000_000_000_000;

    /// <summary>Of values in values; an object that holds itself ends there.</summary>
    private const int MaxDepth = 4;

    /// <summary>
    /// The text without card numbers, tokens, passwords, e-mail addresses and cookies. The same instance when there is nothing to hide.
    /// </summary>
    public static string Scrub(string text)
    {
        // Most texts have none of these, and are not scanned by the expressions.
        if (text.AsSpan().IndexOfAny("@:=") < 0 && !HasLongNumber(text) && !text.Contains("bearer", StringComparison.OrdinalIgnoreCase))
        {
            return text;
        }

        var scrubbed = Bearer().Replace(text, "Bearer " + Mask);
        scrubbed = NamedSecret().Replace(scrubbed, match => match.Groups["name"].Value + match.Groups["between"].Value + Mask);
        scrubbed = Email().Replace(scrubbed, Mask);
        return CardNumber().Replace(scrubbed, match => PassesCheckDigit(match.Value) ? Mask : match.Value);
    }

    /// <summary>
    /// What an exporter would write of a value, without secrets: numbers and truth values as they are, lists item by item, maps by their
    /// names, and of anything else its text. The text is taken now, since exporters take it later and the object may be another by then.
    /// The same instance when it can be written as it is.
    /// </summary>
    public static object? Value(string name, object? value) => IsSecretName(name) ? Mask : Value(value, depth: 0);

    private static object? Value(object? value, int depth) =>
        value switch
        {
            null or bool or char or sbyte or byte or short or ushort or int or uint or float or double => value,
            string text => Scrub(text),
            long number => Math.Abs((double)number) < SmallestCardNumber ? value : Number(number),
            _ when depth == MaxDepth => Text(value),
            IEnumerable<KeyValuePair<string, object?>> map => Map(map, depth),
            IDictionary map => Map(Entries(map), depth),
            bool[] or byte[] or sbyte[] or short[] or ushort[] or int[] or uint[] or float[] or double[] => value,
            string?[] texts => texts.Select(text => text is null ? null : Scrub(text)).ToArray(),
            ICollection items => items.Cast<object?>().Select(item => Value(item, depth + 1)).ToArray(),
            _ => Text(value),
        };

    private static object Number(long number)
    {
        var text = number.ToString(CultureInfo.InvariantCulture);
        var clean = Scrub(text);
        return ReferenceEquals(clean, text) ? number : clean;
    }

    private static IEnumerable<KeyValuePair<string, object?>> Entries(IDictionary map)
    {
        foreach (DictionaryEntry entry in map)
        {
            yield return new(Text(entry.Key), entry.Value);
        }
    }

    private static Dictionary<string, object?> Map(IEnumerable<KeyValuePair<string, object?>> map, int depth)
    {
        var clean = new Dictionary<string, object?>();
        foreach (var (name, value) in map)
        {
            clean[name] = IsSecretName(name) ? Mask : Value(value, depth + 1);
        }

        return clean;
    }

    private static string Text(object value)
    {
        try
        {
            return Scrub(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
        }
#pragma warning disable CA1031 // Somebody else's ToString: whoever logs or ends a span must not fail by it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return $"({value.GetType().Name}: {exception.GetType().Name})";
        }
    }

    /// <summary>Names of fields whose value is secret whatever it is: "CardNumber", "card_number", "Authorization".</summary>
    public static bool IsSecretName(string name) => SecretName().IsMatch(name);

    private static bool HasLongNumber(string text)
    {
        var digits = 0;
        foreach (var character in text)
        {
            digits =
                char.IsAsciiDigit(character) ? digits + 1
                : character is ' ' or '-' ? digits
                : 0;
            if (digits >= 13)
            {
                return true;
            }
        }

        return false;
    }

    private static bool PassesCheckDigit(string number)
    {
        var sum = 0;
        var doubled = false;
        for (var i = number.Length - 1; i >= 0; i--)
        {
            if (!char.IsAsciiDigit(number[i]))
            {
                continue;
            }

            var digit = number[i] - '0';
            sum += doubled ? (digit * 2 > 9 ? (digit * 2) - 9 : digit * 2) : digit;
            doubled = !doubled;
        }

        return sum % 10 == 0;
    }

    [GeneratedRegex(@"bearer\s+[A-Za-z0-9._~+/=-]{6,}", RegexOptions.IgnoreCase)]
    private static partial Regex Bearer();

    // password=..., "token": "...", Cookie: ...; up to the next separator.
    [GeneratedRegex(
        """(?<name>\b(?:password|passwd|pwd|secret|token|api[-_ ]?key|authorization|set-cookie|cookie|cvc|cvv))"""
            + """(?<between>"?\s*[:=]\s*"?)[^\s"',;&}]+""",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex NamedSecret();

    [GeneratedRegex(@"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,24}")]
    private static partial Regex Email();

    // 13 to 19 digits with single blanks or hyphens between them, not inside a longer number or an id.
    [GeneratedRegex(@"(?<![0-9A-Za-z])[2-6](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")]
    private static partial Regex CardNumber();

    [GeneratedRegex(
        "(?:password|passwd|pwd|secret|token|api[-_]?key|authorization|cookie|card[-_]?number|cvc|cvv|e[-_]?mail)$",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex SecretName();
}
