using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Platform.Observatory.Text;

/// <summary>
/// The time range of a view, from its URL: <c>range=5m|30m|6h|24h|all</c>, or <c>from</c> and <c>to</c> as ISO 8601 or as a time of today
/// in UTC. A range ends now and moves; from and to do not.
/// </summary>
public sealed record TimeRange(string Name, DateTimeOffset From, DateTimeOffset To)
{
    public const string All = "all";

    public static readonly (string Name, string Text, TimeSpan Length)[] Known =
    [
        ("5m", "Last 5 min", TimeSpan.FromMinutes(5)),
        ("30m", "Last 30 min", TimeSpan.FromMinutes(30)),
        ("6h", "Last 6 h", TimeSpan.FromHours(6)),
        ("24h", "Last 24 h", TimeSpan.FromHours(24)),
        (All, "All that is kept", TimeSpan.MaxValue),
    ];

    private static readonly string[] Clocks = ["HH:mm", "HH:mm:ss", "HH:mm:ss.fff"];

    /// <summary>Empty when the address has from or to.</summary>
    public bool IsFixed => Name.Length == 0;

    public bool IsAll => Name == All;

    public string Text => Known.FirstOrDefault(known => known.Name == Name).Text ?? "From and to";

    public ulong FromNanos => UnixTime.NanosOf(From);

    public ulong ToNanos => IsAll ? ulong.MaxValue : UnixTime.NanosOf(To);

    public bool Contains(ulong nanos) => nanos >= FromNanos && nanos <= ToNanos;

    /// <summary>False with a sentence that says what is wrong.</summary>
    public static bool TryParse(IQueryCollection values, DateTimeOffset now, string fallback, out TimeRange range, out string error)
    {
        range = Named(fallback, now)!;
        error = "";
        var (name, from, to) = (values["range"].ToString(), values["from"].ToString(), values["to"].ToString());

        if (from.Length > 0 || to.Length > 0)
        {
            if (Moment(from, now, DateTimeOffset.UnixEpoch) is { } first && Moment(to, now, now) is { } last && first < last)
            {
                range = new TimeRange("", first, last);
                return true;
            }

            error = "from and to must be times, such as 2026-11-21T14:57:00Z or 14:57 (of today, UTC), and from before to.";
            return false;
        }

        if (name.Length > 0)
        {
            if (Named(name, now) is not { } named)
            {
                error = "range must be 5m, 30m, 6h, 24h or all.";
                return false;
            }

            range = named;
        }

        return true;
    }

    /// <summary>The values for the query API, which does not support all time formats of the pages.</summary>
    internal static QueryCollection WithoutTimes(IQueryCollection values) =>
        new(
            values
                .Where(pair => pair.Key.ToLowerInvariant() is not ("from" or "to"))
                .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase) as Dictionary<string, StringValues>
        );

    /// <summary>Null when there is no such range.</summary>
    public static TimeRange? Named(string name, DateTimeOffset now) =>
        name == All ? new TimeRange(All, DateTimeOffset.UnixEpoch, now)
        : Array.Find(Known, known => known.Name == name) is { Name: not null } found ? new TimeRange(name, now - found.Length, now)
        : null;

    private static DateTimeOffset? Moment(string text, DateTimeOffset now, DateTimeOffset fallback) =>
        text.Length == 0 ? fallback
        : TimeOnly.TryParseExact(text, Clocks, CultureInfo.InvariantCulture, DateTimeStyles.None, out var clock)
            ? new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero) + clock.ToTimeSpan()
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        && time > DateTimeOffset.UnixEpoch
            ? time
        : null;
}
