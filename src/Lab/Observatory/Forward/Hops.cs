using System.Text.RegularExpressions;

namespace Platform.Observatory.Forward;

/// <summary>
/// Ends forwarding loops: each process appends its id to a header (gRPC: metadata), as proxies do with Via: <c>x-platform-hop:
/// 5f0c9e1a7b2d4c88,91ab03c4d5e6f708</c>. An AsyncLocal carries it from the listener to the queue, since nothing between the two needs it.
/// </summary>
internal sealed partial class Hops
{
    public const string Header = "x-platform-hop";

    /// <summary>A longer chain is a mistake, or a loop of processes that change their ids.</summary>
    public const int MaxHops = 3;

    private static readonly AsyncLocal<string?> Received = new();

    /// <summary>Id of this process for its lifetime.</summary>
    public string Id { get; } = Guid.NewGuid().ToString("N")[..16];

    /// <summary>The header value for the next process.</summary>
    public string Next => Received.Value is { } received ? $"{received},{Id}" : Id;

    /// <summary>
    /// Returns why a request with this header is rejected, or null. A header with an invalid id is rejected too: it could not be passed on,
    /// and without it a loop would not end.
    /// </summary>
    public string? Enter(string header)
    {
        var ids = header.Split(',', StringSplitOptions.TrimEntries);

        if (ids.Contains(Id))
        {
            return "Forwarding loop: this request came through here before.";
        }

        if (ids.Length > MaxHops)
        {
            return $"Forwarding loop: this request came through more than {MaxHops} processes.";
        }

        if (!ids.All(id => IdText().IsMatch(id)))
        {
            return $"The header {Header} is not readable: it must be comma-separated ids, each at most 64 letters, digits, '_' and '-'.";
        }

        Received.Value = string.Join(',', ids);
        return null;
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,64}$", RegexOptions.CultureInvariant)]
    private static partial Regex IdText();
}
