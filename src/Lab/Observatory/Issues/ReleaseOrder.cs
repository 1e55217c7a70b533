using System.Globalization;

namespace Platform.Observatory.Issues;

/// <summary>
/// Which release is newer. Leading numbers decide (2026.11.21-9f4a21c, shop@1.4.0); where they are equal or missing, a release is newer
/// when it was first seen after the issue was resolved.
/// </summary>
internal sealed class ReleaseOrder
{
    // Bounded: the oldest release is evicted.
    private const int Capacity = 1_000;
    private readonly Dictionary<string, DateTimeOffset> _firstSeen = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, DateTimeOffset> FirstSeen => new Dictionary<string, DateTimeOffset>(_firstSeen);

    public void Observe(string? release, DateTimeOffset at)
    {
        if (release is null || _firstSeen.ContainsKey(release))
        {
            return;
        }

        if (_firstSeen.Count >= Capacity)
        {
            _firstSeen.Remove(_firstSeen.MinBy(known => known.Value).Key);
        }

        _firstSeen.Add(release, at);
    }

    public string? Newest(IEnumerable<string> releases)
    {
        string? newest = null;

        foreach (var release in releases)
        {
            var order = newest is null ? 1 : Compare(release, newest);

            if (order > 0 || (order is null && SeenAt(release) >= SeenAt(newest!)))
            {
                newest = release;
            }
        }

        return newest;
    }

    public bool IsNewer(string? candidate, string? resolvedIn, DateTimeOffset resolvedAt)
    {
        if (candidate is null || candidate == resolvedIn)
        {
            return false;
        }

        return (resolvedIn is null ? null : Compare(candidate, resolvedIn)) is { } order ? order > 0 : SeenAt(candidate) > resolvedAt;
    }

    private DateTimeOffset SeenAt(string release) => _firstSeen.GetValueOrDefault(release, DateTimeOffset.MaxValue);

    // Null when the numbers do not decide.
    private static int? Compare(string left, string right)
    {
        var (a, b) = (Numbers(left), Numbers(right));

        for (var index = 0; index < Math.Min(a.Count, b.Count); index++)
        {
            if (a[index] != b[index])
            {
                return a[index].CompareTo(b[index]);
            }
        }

        return null;
    }

    private static List<long> Numbers(string release)
    {
        var numbers = new List<long>();

        foreach (var part in release[(release.IndexOf('@', StringComparison.Ordinal) + 1)..].TrimStart('v').Split('-', '+')[0].Split('.'))
        {
            if (!long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                break;
            }

            numbers.Add(number);
        }

        return numbers.Count >= 2 ? numbers : [];
    }
}
