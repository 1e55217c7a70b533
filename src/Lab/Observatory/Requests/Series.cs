using Platform.Observatory.Store;

namespace Platform.Observatory.Requests;

/// <summary>
/// The requests of one service, or of one operation, in a window. Usual is the earlier part of the window without the steps that had more
/// errors, or more slow requests, than chance explains, so that a problem older than the recent part does not become the baseline. One in
/// more than half of the window does. What fails is hardly tried any more once a breaker opens: for more errors than usual the recent part
/// needs no fifty requests.
/// </summary>
internal sealed class Series(Window window)
{
    /// <summary>Fewer that fail, or are slow, say nothing of a handful of requests.</summary>
    public const int NotableErrors = 5;

    // Above twice the middle step's p95 a request is slow; one in twenty is above the p95 itself.
    private const double SlowFactor = 2;
    private const double SlowShare = 0.05;

    // The middle step of short ones has no error although one request in fifty fails.
    private const double MinErrorShare = 0.02;

    // So far above its mean a step is not by chance: one in some hundred.
    private const double Deviations = 3;

    // Bounded by the spans of the store.
    private readonly List<double>[] _steps = [.. Enumerable.Range(0, Window.Buckets).Select(_ => new List<double>())];
    private readonly int[] _errors = new int[Window.Buckets];
    private double[]? _now;
    private double[]? _usual;

    public int RecentCount => Now.Length;

    public int Errors => _errors.Skip(window.FirstRecentBucket).Sum();

    public double Rate => RecentCount / window.Recent.TotalSeconds;

    public double? ErrorShare => RecentCount == 0 ? null : Errors / (double)RecentCount;

    public double? UsualErrorShare =>
        UsualErrors is var (requests, errors) && requests >= Verdict.MinRequests ? errors / (double)requests : null;

    /// <summary>Milliseconds; null without a request.</summary>
    public double? P95 => RecentCount == 0 ? null : Verdict.P95(Now);

    /// <summary>Null with too few earlier requests.</summary>
    public double? UsualP95 => Usual.Length < Verdict.MinRequests ? null : Verdict.P95(Usual);

    // Equal latencies leave the decision to the errors, and no errors leave it to the latencies.
    public bool HasMoreErrors =>
        UsualErrors is var (requests, errors)
        && (
            RecentCount >= Verdict.MinRequests
                ? IsWorse(new double[requests], errors, new double[RecentCount], Errors)
                : requests >= Verdict.MinRequests
                    && Errors >= NotableErrors
                    && !IsByChance(Errors, RecentCount, Math.Max(errors / (double)requests, MinErrorShare))
        );

    public bool IsSlower => IsWorse(Usual, 0, Now, 0);

    /// <summary>More errors than that share, beyond chance. For what began so long ago that this window takes it for usual.</summary>
    public bool HasMoreErrorsThan(double share) =>
        Errors >= NotableErrors && !IsByChance(Errors, RecentCount, Math.Max(share, MinErrorShare));

    /// <summary>More requests than one in twenty take longer, beyond chance. For the same.</summary>
    public bool IsSlowerThan(double milliseconds)
    {
        var slow = Now.Count(time => time > milliseconds);
        return slow >= NotableErrors && !IsByChance(slow, RecentCount, SlowShare);
    }

    /// <summary>It had requests before and has none now.</summary>
    public bool IsSilent => RecentCount == 0 && Usual.Length >= Verdict.MinRequests;

    public IReadOnlyList<double?> Rates => [.. _steps.Select(step => (double?)(step.Count / window.BucketSeconds))];

    public IReadOnlyList<double?> ErrorShares => [.. Enumerable.Range(0, Window.Buckets).Select(Share)];

    public IReadOnlyList<double?> P95s => [.. Enumerable.Range(0, Window.Buckets).Select(P95Of)];

    private double[] Now => _now ??= [.. _steps.Skip(window.FirstRecentBucket).SelectMany(step => step).Order()];

    private double[] Usual
    {
        get
        {
            if (_usual is null)
            {
                var slow = Middle(P95Of) * SlowFactor;
                var steps = Earlier.Where(step => IsByChance(_steps[step].Count(time => time > slow), _steps[step].Count, SlowShare));
                _usual = [.. steps.SelectMany(step => _steps[step]).Order()];
            }

            return _usual;
        }
    }

    private (int Requests, int Errors) UsualErrors
    {
        get
        {
            var share = Math.Max(Middle(Share), MinErrorShare);
            var steps = Earlier.Where(step => IsByChance(_errors[step], _steps[step].Count, share)).ToList();
            return (steps.Sum(step => _steps[step].Count), steps.Sum(step => _errors[step]));
        }
    }

    private IEnumerable<int> Earlier => Enumerable.Range(0, window.FirstRecentBucket).Where(step => _steps[step].Count > 0);

    public void Add(StoredSpan span) => Add(span.Start, (span.End - span.Start) / 1e6, span.Failed);

    public void Add(ulong start, double milliseconds, bool failed)
    {
        var step = window.BucketOf(start);
        _steps[step].Add(milliseconds);
        _errors[step] += failed ? 1 : 0;
    }

    private double Middle(Func<int, double?> figure)
    {
        var figures = Earlier.Select(step => figure(step)!.Value).Order().ToList();
        return figures.Count == 0 ? 0 : figures[figures.Count / 2];
    }

    // One is always by chance: of a single request nothing can be said.
    private static bool IsByChance(int hits, int requests, double share) =>
        hits <= Math.Max(1, (requests * share) + (Deviations * Math.Sqrt(requests * share * (1 - share))));

    private double? Share(int step) => _steps[step].Count == 0 ? null : _errors[step] / (double)_steps[step].Count;

    private double? P95Of(int step) => _steps[step].Count == 0 ? null : Verdict.P95([.. _steps[step].Order()]);

    private bool IsWorse(double[] before, int errorsBefore, double[] after, int errorsAfter) =>
        Verdict.Of(window.Recent, before, errorsBefore, after, errorsAfter).Verdict == Verdict.Worse;
}
