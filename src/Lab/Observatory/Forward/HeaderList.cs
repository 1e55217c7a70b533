using System.Text.RegularExpressions;

namespace Platform.Observatory.Forward;

/// <summary>Parses <c>x-otlp-api-key=abc,x-team=the%20shop</c>, the format of OTEL_EXPORTER_OTLP_HEADERS.</summary>
internal static partial class HeaderList
{
    /// <summary>Null when invalid. Names are lower case, as HTTP/2 requires.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>>? TryRead(string? text)
    {
        var headers = new List<KeyValuePair<string, string>>();

        foreach (var pair in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var end = pair.IndexOf('=', StringComparison.Ordinal);
            var name = end < 0 ? "" : pair[..end].Trim().ToLowerInvariant();
            var value = end < 0 ? "" : Uri.UnescapeDataString(pair[(end + 1)..].Trim());

            // In gRPC, names that end in -bin have binary values.
            if (
                !Token().IsMatch(name)
                || name.EndsWith("-bin", StringComparison.Ordinal)
                || value.Any(character => character is < ' ' or > '~')
            )
            {
                return null;
            }

            headers.Add(new(name, value));
        }

        return headers;
    }

    [GeneratedRegex("^[a-z0-9!#$%&'*+.^_`|~-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Token();
}
