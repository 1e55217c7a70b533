using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Platform.Redaction;

/// <summary>
/// Removes card numbers, e-mail addresses, bearer tokens, passwords and cookies from text that we do not control (exception messages,
/// input). The second line of defence: known secrets have a type that formats as <see cref="Mask"/>. Services redact what they send and
/// Observatory what it receives, by the same rules.
/// </summary>
public static partial class Redactor
{
    public const string Mask = "***";

    private const int LeastCardDigits = 13;

    /// <summary>The smallest card number.</summary>
    private const long SmallestCardNumber = 1_000_000_000_000;

    /// <summary>Nesting limit; stops at self-references.</summary>
    private const int MaxDepth = 4;

    // Pre-filter: without one of these, no word pattern can match.
    private static readonly SearchValues<string> Words = SearchValues.Create(
        [
            "bearer",
            "basic",
            "eyJ",
            "password",
            "passwd",
            "passphrase",
            "pwd",
            "secret",
            "apikey",
            "api_key",
            "api-key",
            "accesskey",
            "access_key",
            "access-key",
            "token",
            "authorization",
            "cookie",
            "cvv",
            "cvc",
        ],
        StringComparison.OrdinalIgnoreCase
    );

    /// <summary>
    /// Returns the same instance when there is nothing to redact, which three vectorised scans decide for nearly all texts.
    /// </summary>
    public static string Redact(string text)
    {
        var redacted = text;

        if (text.Contains('@', StringComparison.Ordinal))
        {
            redacted = Email().Replace(UserInfo().Replace(redacted, $"$1{Mask}@"), Mask);
        }

        if (text.AsSpan().ContainsAny(Words))
        {
            redacted = Bearer().Replace(redacted, $"$1 {Mask}");
            redacted = JsonWebToken().Replace(redacted, Mask);
            redacted = Cookies().Replace(redacted, $"$1{Mask}");
            redacted = Assignment().Replace(redacted, $"$1{Mask}");
        }

        if (MayHoldCard(text))
        {
            redacted = CardNumber().Replace(redacted, match => IsCard(match.ValueSpan) ? Mask : match.Value);
        }

        // Regex.Replace allocates even when every match was put back unchanged.
        return redacted == text ? text : redacted;
    }

    /// <summary>
    /// Redacts a value as an exporter would write it: numbers and booleans unchanged, lists by item, maps by entry, anything else as text.
    /// Formatted now, because exporters format later, when the object may have changed. Returns the same instance when there is nothing to
    /// redact.
    /// </summary>
    public static object? Redact(string name, object? value) => Named(name, value, depth: 0);

    private static object? Named(string name, object? value, int depth) =>
        SecretNames.KindOf(name) switch
        {
            NameKind.Secret when value is not (null or bool) => Mask,
            NameKind.Token when value is not (null or bool or int or long or double) => Mask,
            NameKind.TraceContext when value is string id && SecretNames.IsTraceOrSpanId(id) => value,
            _ => Value(value, depth),
        };

    private static object? Value(object? value, int depth) =>
        value switch
        {
            null or bool or char or sbyte or byte or short or ushort or int or uint or float or double => value,
            string text => Redact(text),
            long number => Math.Abs((double)number) < SmallestCardNumber ? value : Number(number),
            decimal number when Math.Abs(number) < SmallestCardNumber => value,
            _ when depth == MaxDepth => Text(value),
            IEnumerable<KeyValuePair<string, object?>> map => Map(map, depth),
            IDictionary map => Map(Entries(map), depth),
            bool[] or byte[] or sbyte[] or short[] or ushort[] or int[] or uint[] or float[] or double[] => value,
            string?[] texts => texts.Select(text => text is null ? null : Redact(text)).ToArray(),
            ICollection items => items.Cast<object?>().Select(item => Value(item, depth + 1)).ToArray(),
            _ => Text(value),
        };

    private static object Number(long number)
    {
        var text = number.ToString(CultureInfo.InvariantCulture);
        var clean = Redact(text);
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
            clean[name] = Named(name, value, depth + 1);
        }

        return clean;
    }

    private static string Text(object value)
    {
        try
        {
            return Redact(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
        }
#pragma warning disable CA1031 // Foreign ToString: logging or ending a span must not fail.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return $"({value.GetType().Name}: {exception.GetType().Name})";
        }
    }

    // A card number is at least 13 characters, and no two neighbours are both separators. So of two adjacent positions every 12 characters
    // one must be a digit inside it: a text without digits costs one look per six characters.
    private static bool MayHoldCard(string text)
    {
        for (var index = LeastCardDigits - 1; index < text.Length; index += LeastCardDigits - 1)
        {
            if (char.IsAsciiDigit(text[index]) || char.IsAsciiDigit(text[index - 1]))
            {
                return HasLongNumber(text);
            }
        }

        return false;
    }

    private static bool HasLongNumber(string text)
    {
        var digits = 0;

        foreach (var character in text)
        {
            digits =
                char.IsAsciiDigit(character) ? digits + 1
                : character is ' ' or '-' ? digits
                : 0;

            if (digits >= LeastCardDigits)
            {
                return true;
            }
        }

        return false;
    }

    // The first digit of a card is 2 to 6; a time in nanoseconds begins with 1.
    private static bool IsCard(ReadOnlySpan<char> text)
    {
        var sum = 0;
        var twice = false;

        for (var index = text.Length - 1; index >= 0; index--)
        {
            if (char.IsAsciiDigit(text[index]))
            {
                var digit = (text[index] - '0') * (twice ? 2 : 1);
                sum += digit > 9 ? digit - 9 : digit;
                twice = !twice;
            }
        }

        return sum % 10 == 0;
    }

    // Repetitions are bounded against catastrophic backtracking. The last label is letters: shop@1.4.0 is a release.
    [GeneratedRegex(
        @"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,24}",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Email();

    // postgres://shop:hunter2@postgres/orders
    [GeneratedRegex(@"(://[^\s/:@]{0,256}:)[^\s/?#@]{1,256}@", RegexOptions.CultureInvariant)]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"\b(bearer|basic)\s{1,4}[A-Za-z0-9._~+/=-]{8,}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Bearer();

    [GeneratedRegex(@"\beyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{0,4096}", RegexOptions.CultureInvariant)]
    private static partial Regex JsonWebToken();

    // Cookie: sid=8f3c; theme=dark
    [GeneratedRegex(
        @"(cookie\\?[""']?\s{0,4}[=:]\s{0,4}\\?[""']?)[^\s=;,""'\\]{1,256}=[^\s;,""'\\]{0,4096}"
            + @"(?:;\s{0,2}[^\s=;,""'\\]{1,256}(?:=[^\s;,""'\\]{0,4096})?){0,64}",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Cookies();

    private const string SecretName =
        @"password|passwd|passphrase|pwd|secret|api[_-]?key|access[_-]?key|token|authorization|cookie|\bcvv|\bcvc";

    private const string Placeholder =
        @"\$\d{1,3}|\?|%s|[@:]p\d{1,3}"
        + @"|(?:[@:]|\w{1,64}\.)(?:password|passwd|pwd|secret|token|api_?key)\w{0,16}"
        + @"|\{\w{0,64}\}|null|none|true|false|\*{3,64}";

    // password=x, "token": "x y", api_key: x. Not what stands for a value, in SQL above all: password = $1, = @p0, = ?,
    // = excluded.password, = crypt($1); token={Token}.
    [GeneratedRegex(
        $$"""
            ((?:{{SecretName}})\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?)
            (?!(?:{{Placeholder}})(?:$|::|[\s&;,)"'\\}]))
            (?!(?:bearer|basic)\s|\w{1,32}\((?:\$\d|\?|%s|@p\d))
            (?:(?<=["'])[^"'\\\r\n]{1,4096}|[^\s&;,"'\\}]{1,4096}(?:(?<=\()'[^'\r\n]{0,4096}')?)
            """,
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace
    )]
    private static partial Regex Assignment();

    // In one piece or grouped as printed on cards. Anything looser would match a GUID of digits; fractions and the span id of a traceparent
    // are excluded too.
    [GeneratedRegex(
        @"(?<![0-9A-Za-z]|[0-9][.,]|[0-9a-f]{32}-)"
            + @"(?:[2-6][0-9]{12,18}|[2-6][0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}|3[0-9]{3}([ -])[0-9]{6}\2[0-9]{5})"
            + @"(?![0-9A-Za-z])",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex CardNumber();
}
