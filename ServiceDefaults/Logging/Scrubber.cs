using System.Text.RegularExpressions;

namespace Platform.ServiceDefaults.Logging;

/// <summary>
/// The second line of defence for texts whose content nobody chose: exception messages, values from outside. What is known to be secret
/// never gets this far, because its type formats as ***.
/// </summary>
public static partial class Scrubber
{
    private const string Mask = "***";

    /// <summary>The text without card numbers, tokens, passwords, e-mail addresses and cookies. The same instance when there is nothing to hide.</summary>
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

    /// <summary>Names of fields whose value is secret whatever it is: "CardNumber", "card_number", "Authorization".</summary>
    public static bool IsSecretName(string name) => SecretName().IsMatch(name);

    private static bool HasLongNumber(string text)
    {
        var digits = 0;
        foreach (var character in text)
        {
            digits = char.IsAsciiDigit(character) ? digits + 1 : character is ' ' or '-' ? digits : 0;
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
    [GeneratedRegex("""(?<name>\b(?:password|passwd|pwd|secret|token|api[-_ ]?key|authorization|set-cookie|cookie|cvc|cvv))(?<between>"?\s*[:=]\s*"?)[^\s"',;&}]+""", RegexOptions.IgnoreCase)]
    private static partial Regex NamedSecret();

    [GeneratedRegex(@"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,24}")]
    private static partial Regex Email();

    // 13 to 19 digits with single blanks or hyphens between them, not inside a longer number or an id.
    [GeneratedRegex(@"(?<![0-9A-Za-z])[2-6](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")]
    private static partial Regex CardNumber();

    [GeneratedRegex("(?:password|passwd|pwd|secret|token|api[-_]?key|authorization|cookie|card[-_]?number|cvc|cvv|e[-_]?mail)$", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();
}
