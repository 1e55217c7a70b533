using System.Globalization;

namespace Platform.Observatory.Search;

/// <summary><c>?q=ord-1&amp;at=14:57&amp;window=5m</c>: an id, a moment, or both.</summary>
internal sealed record TimelineQuery(string? Id, DateTimeOffset? At, TimeSpan Window)
{
    private const int MaxIdLength = 256;
    private static readonly TimeSpan DefaultWindow = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan MaxWindow = TimeSpan.FromHours(24);

    /// <summary>False with a sentence that says what is wrong.</summary>
    public static bool TryParse(IQueryCollection values, DateTimeOffset now, out TimelineQuery query, out string error)
    {
        var id = values["q"].ToString().Trim();
        var at = values["at"].ToString().Trim();
        var window = values["window"].ToString().Trim();
        query = new TimelineQuery(
            id.Length > 0 ? id : null,
            at.Length > 0 ? MomentOf(at, now) : null,
            window.Length > 0 ? WindowOf(window) ?? TimeSpan.Zero : DefaultWindow
        );
        error =
            id.Length > MaxIdLength ? $"q must be at most {MaxIdLength} characters."
            : id.Length == 0 && at.Length == 0 ? "q (a trace, request, order, user or tenant id) or at (a time) is needed."
            : at.Length > 0 && query.At is null ? "at must be a time: 2026-11-21T14:57:00Z, or 14:57 for today in UTC."
            : query.Window <= TimeSpan.Zero || query.Window > MaxWindow ? "window must be a length of time up to 24 hours: 30s, 5m, 1h."
            : "";
        return error.Length == 0;
    }

    private static DateTimeOffset? MomentOf(string text, DateTimeOffset now) =>
        TimeOnly.TryParseExact(text, ["HH:mm", "H:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var clock)
            ? new DateTimeOffset(DateOnly.FromDateTime(now.UtcDateTime), clock, TimeSpan.Zero)
        : DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var moment
        )
            ? moment
        : null;

    private static TimeSpan? WindowOf(string text)
    {
        var unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            _ => TimeSpan.Zero,
        };
        return unit == TimeSpan.Zero
            ? TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) && text.Contains(':', StringComparison.Ordinal)
                ? span
                : null
            : int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= 86_400
                ? count * unit
                : null;
    }
}
