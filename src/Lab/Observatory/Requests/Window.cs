using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Requests;

/// <summary>
/// A range in equal steps: the last sixth, at least a minute, is the recent part, whose values are shown; the earlier part is the baseline
/// for what is usual.
/// </summary>
internal sealed class Window
{
    public const int Buckets = 30;
    private const int Share = 6;
    private const double MinRecentSeconds = 60;

    private Window(TimeRange range, ulong from)
    {
        Range = range;
        To = UnixTime.NanosOf(range.To);
        From = Math.Min(from, To - Buckets);
        BucketSeconds = (To - From) / 1e9 / Buckets;
        var recent = Math.Clamp((int)Math.Ceiling(MinRecentSeconds / BucketSeconds), Buckets / Share, Buckets);
        FirstRecentBucket = Buckets - recent;
        Recent = TimeSpan.FromSeconds(recent * BucketSeconds);
    }

    public TimeRange Range { get; }

    public ulong From { get; }

    public ulong To { get; }

    public double BucketSeconds { get; }

    public int FirstRecentBucket { get; }

    public TimeSpan Recent { get; }

    public TimeSpan Length => TimeSpan.FromSeconds(Buckets * BucketSeconds);

    public bool Contains(ulong nanos) => nanos >= From && nanos <= To;

    public bool IsRecent(ulong nanos) => BucketOf(nanos) >= FirstRecentBucket;

    public int BucketOf(ulong nanos) => Math.Clamp((int)((nanos - (double)From) / (To - From) * Buckets), 0, Buckets - 1);

    /// <summary>A range that reaches further back than the store starts with its oldest record.</summary>
    public static Window Of(TimeRange range, IReadOnlyList<StoredSpan> spans) =>
        new(range, spans.Count > 0 ? Math.Max(range.FromNanos, spans[0].Start) : range.FromNanos);
}
