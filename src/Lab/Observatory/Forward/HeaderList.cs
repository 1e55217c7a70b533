using System.Text.RegularExpressions;

namespace Platform.Observatory.Forward;

/// <summary>Reads <c>x-otlp-api-key=abc,x-team=the%20shop</c>, as OTEL_EXPORTER_OTLP_HEADERS is written.</summary>
internal static partial class HeaderList
{
    /// <summary>Null when it cannot be read. Names are in lower case, as HTTP/2 has them.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>>? TryRead(string? text)
    {
        var headers = new List<KeyValuePair<string, string>>();

        foreach (var pair in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var end = pair.IndexOf('=', StringComparison.Ordinal);
            var name = end < 0 ? "" : pair[..end].Trim().ToLowerInvariant();
            var value = end < 0 ? "" : Uri.UnescapeDataString(pair[(end + 1)..].Trim());

            // A name that ends in -bin has bytes as its value in gRPC.
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
