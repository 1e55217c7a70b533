using System.Security.Cryptography;

namespace Platform.Tests.Support;

/// <summary>
/// A secret that was put into one input. With a shape it is one that a scrubber can know (a card number); without, nothing may have
/// recorded it.
/// </summary>
/// <param name="Place">The input.</param>
/// <param name="Value">The secret.</param>
/// <param name="InMessage">It is in a message of the broker, which keeps its dead letters as they are: on the broker's own disk it is
/// expected.</param>
public sealed record Canary(string Place, string Value, bool InMessage = false);

public sealed class Canaries
{
    private readonly List<Canary> _planted = [];

    public IReadOnlyList<Canary> Planted => _planted;

    public string Plant(string place, bool inMessage = false)
    {
        var value = $"zq{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
        _planted.Add(new Canary(place, value, inMessage));
        return value;
    }

    /// <summary>A value of the caller's, because it must have a shape.</summary>
    public string Plant(string place, string value)
    {
        _planted.Add(new Canary(place, value));
        return value;
    }

    /// <summary>Those of the canaries that the text has.</summary>
    public IEnumerable<string> In(string text) =>
        _planted.Where(canary => text.Contains(canary.Value, StringComparison.Ordinal)).Select(canary => canary.Place);
}
