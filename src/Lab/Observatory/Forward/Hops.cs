using System.Text.RegularExpressions;

namespace Platform.Observatory.Forward;

/// <summary>
/// The way of forwarded telemetry, so that it ends: each process adds its id to a header (in gRPC: metadata), as proxies do in Via:
/// <c>x-platform-hop: 5f0c9e1a7b2d4c88,91ab03c4d5e6f708</c>. It rides beside the request, from the listener to the queue, and not through
/// the signatures between: nothing between the two has a use for it.
/// </summary>
internal sealed partial class Hops
{
    public const string Header = "x-platform-hop";

    /// <summary>More processes than that in a row are a mistake, or a loop of processes that change their ids.</summary>
    public const int MaxHops = 3;

    private static readonly AsyncLocal<string?> Before = new();

    /// <summary>Of this process, as long as it lives.</summary>
    public string Id { get; } = Guid.NewGuid().ToString("N")[..16];

    /// <summary>What the next process is told.</summary>
    public string Next => Before.Value is { } before ? $"{before},{Id}" : Id;

    /// <summary>
    /// Why a request that came this way is not taken; null when it is. A way with an id that is none is not taken either: it could not be
    /// passed on as it is, and without it a loop would not end.
    /// </summary>
    public string? Enter(string way)
    {
        var ids = way.Split(',', StringSplitOptions.TrimEntries);

        if (ids.Contains(Id))
        {
            return "This was sent on in a circle: it came through here before.";
        }

        if (ids.Length > MaxHops)
        {
            return $"This was sent on through more than {MaxHops} processes, which is taken for a circle.";
        }

        if (!ids.All(id => IdText().IsMatch(id)))
        {
            return $"The header {Header} is not readable: ids of letters, digits, '_' and '-', 64 at most, with commas between them.";
        }

        Before.Value = string.Join(',', ids);
        return null;
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,64}$", RegexOptions.CultureInvariant)]
    private static partial Regex IdText();
}
