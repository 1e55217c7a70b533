using System.Globalization;

namespace Platform.Observatory.Requests;

/// <summary>
/// The rule. Fewer than 50 requests on either side, or windows shorter than a minute: too little traffic. Errors differ when their share
/// moved by at least one percentage point and a two-proportion z-test says |z| >= 2.58 (one in a hundred by chance). Latency differs when
/// p95 moved by at least 20 % and 5 ms, and the share of requests slower than the earlier p95 differs by the same test: a p95 alone jumps
/// with a handful of requests. Worse when either is worse; better when one is better and none worse; else unchanged. New issues are shown
/// and do not decide: one event says little.
/// </summary>
internal static class Verdict
{
    public const string Better = "better";
    public const string Worse = "worse";
    public const string Unchanged = "unchanged";
    public const string TooLittle = "too little traffic";
    public const int MinRequests = 50;
    public static readonly TimeSpan MinWindow = TimeSpan.FromMinutes(1);
    private const double MinZ = 2.58;
    private const double MinErrorShift = 0.01;
    private const double MinLatencyFactor = 1.2;
    private const double MinLatencyShift = 5;

    /// <summary>Durations in milliseconds, sorted.</summary>
    public static (string Verdict, string Reason) Of(TimeSpan window, double[] before, int errorsBefore, double[] after, int errorsAfter)
    {
        if (window < MinWindow)
        {
            return (TooLittle, "The windows are shorter than a minute.");
        }

        if (before.Length < MinRequests || after.Length < MinRequests)
        {
            return (TooLittle, Text($"{before.Length} requests before and {after.Length} after; {MinRequests} are needed on both sides."));
        }

        var errors = Errors(before.Length, errorsBefore, after.Length, errorsAfter);
        var latency = Latency(before, after);
        var reason =
            Text($"Errors {errorsBefore / (double)before.Length:P1} before, {errorsAfter / (double)after.Length:P1} after; ")
            + Text($"p95 {P95(before):0} ms before, {P95(after):0} ms after.");
        return (
            errors > 0 || latency > 0 ? Worse
            : errors < 0 || latency < 0 ? Better
            : Unchanged,
            reason
        );
    }

    /// <summary>The value that 95 of 100 do not exceed.</summary>
    public static double P95(double[] sorted) => sorted[(int)Math.Ceiling(sorted.Length * 0.95) - 1];

    private static int Errors(int before, int errorsBefore, int after, int errorsAfter)
    {
        var shift = (errorsAfter / (double)after) - (errorsBefore / (double)before);
        return Math.Abs(shift) >= MinErrorShift && IsSignificant(before, errorsBefore, after, errorsAfter) ? Math.Sign(shift) : 0;
    }

    private static int Latency(double[] before, double[] after)
    {
        var (was, now) = (P95(before), P95(after));

        if (Math.Max(was, now) < Math.Min(was, now) * MinLatencyFactor || Math.Abs(now - was) < MinLatencyShift)
        {
            return 0;
        }

        // An improvement is tested the other way round: how many were slower than today's p95.
        var limit = Math.Min(was, now);
        return IsSignificant(before.Length, before.Count(time => time > limit), after.Length, after.Count(time => time > limit))
            ? Math.Sign(now - was)
            : 0;
    }

    private static bool IsSignificant(int before, int hitsBefore, int after, int hitsAfter)
    {
        var pooled = (hitsBefore + hitsAfter) / (double)(before + after);
        var deviation = Math.Sqrt(pooled * (1 - pooled) * ((1.0 / before) + (1.0 / after)));
        return deviation > 0 && Math.Abs((hitsAfter / (double)after) - (hitsBefore / (double)before)) / deviation >= MinZ;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
