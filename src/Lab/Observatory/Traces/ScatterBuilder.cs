using System.Text;
using Platform.Observatory.Charts;
using Platform.Observatory.Releases;
using Platform.Observatory.Text;

namespace Platform.Observatory.Traces;

/// <summary>Duration over time, one point per trace, on a logarithmic scale.</summary>
internal static class ScatterBuilder
{
    // Beyond this an even sample is drawn; up to half of it are failed traces.
    private const int MaxPoints = 1_500;

    // A trace slower than twice its route's median is coloured by the service where its time went.
    private const double Slow = 2;
    private const int MinForMedian = 20;

    // From a microsecond to a thousand days, about three to a power of ten.
    private static readonly double[] Round =
    [
        1e3,
        3e3,
        1e4,
        3e4,
        1e5,
        3e5,
        1e6,
        3e6,
        1e7,
        3e7,
        1e8,
        3e8,
        1e9,
        3e9,
        1e10,
        3e10,
        60e9,
        300e9,
        600e9,
        1800e9,
        3600e9,
        4 * 3600e9,
        12 * 3600e9,
        86_400e9,
        10 * 86_400e9,
        100 * 86_400e9,
        1000 * 86_400e9,
    ];

    /// <summary>Null without a trace.</summary>
    public static Scatter? Build(
        IReadOnlyList<TraceSummary> traces,
        TimeRange range,
        IEnumerable<Deploy> deploys,
        Func<TimeAxis, IReadOnlyList<Zone>> faults,
        string address
    )
    {
        if (traces.Count == 0)
        {
            return null;
        }

        var axis = range.IsAll
            ? new TimeAxis(traces.Min(trace => trace.Start), traces.Max(trace => trace.Start))
            : new TimeAxis(range.FromNanos, range.ToNanos);
        var (low, high) = Around(traces);
        var slowLimits = traces
            .GroupBy(trace => trace.Name, StringComparer.Ordinal)
            .Where(route => route.Count() >= MinForMedian)
            .ToDictionary(
                route => route.Key,
                route => route.Select(trace => trace.Duration).Order().ElementAt(route.Count() / 2) * Slow,
                StringComparer.Ordinal
            );
        var failed = Sample([.. traces.Where(trace => trace.Errors > 0)], MaxPoints / 2).ToList();
        var drawn = failed.Concat(Sample([.. traces.Where(trace => trace.Errors == 0)], MaxPoints - failed.Count)).ToList();
        var dots = drawn
            .GroupBy(trace => StyleOf(trace, slowLimits))
            .OrderBy(style =>
                style.Key switch
                {
                    "" => 0,
                    "bad" => 2,
                    _ => 1,
                }
            )
            .ThenBy(style => style.Key, StringComparer.Ordinal)
            .Select(style => new Dots(
                style.Key,
                Path(style, axis, low, high),
                style.Key switch
                {
                    "" => "",
                    "bad" => "with an error",
                    var service => "slow in " + service,
                }
            ))
            .ToList();
        var ticks = Ticks(low, high).ToList();
        var (shortest, longest) = (traces.Min(trace => trace.Duration), traces.Max(trace => trace.Duration));
        return new Scatter(
            dots,
            string.Concat(ticks.Select(tick => $"M0 {tick.At}H1000")),
            ticks,
            axis.Times,
            axis.Zones(address),
            axis.Deploys(deploys),
            faults(axis),
            $"Duration of {Format.Count(drawn.Count, "trace", "traces")} over time, "
                + $"from {Format.Duration(shortest)} to {Format.Duration(longest)}",
            drawn.Count < traces.Count ? $"{Format.Count(drawn.Count)} of {Format.Count(traces.Count)} are drawn" : ""
        );
    }

    private static string StyleOf(TraceSummary trace, Dictionary<string, double> slowLimits)
    {
        if (trace.Errors > 0)
        {
            return "bad";
        }

        return
            slowLimits.TryGetValue(trace.Name, out var limit)
            && trace.Duration > limit
            && ServiceName.ClassOf(trace.Busiest()) is var style and not ("server" or "outside")
            ? style
            : "";
    }

    private static IEnumerable<TraceSummary> Sample(List<TraceSummary> traces, int most)
    {
        var step = Math.Max(1.0, traces.Count / (double)most);

        for (var at = 0.0; at < traces.Count; at += step)
        {
            yield return traces[(int)at];
        }
    }

    private static string Path(IEnumerable<TraceSummary> traces, TimeAxis axis, int low, int high)
    {
        var path = new StringBuilder();

        foreach (var trace in traces)
        {
            path.Append('M')
                .Append(Format.Number(axis.At(trace.Start) * 10))
                .Append(' ')
                .Append(Format.Number(Y(trace.Duration, low, high)))
                .Append("h0");
        }

        return path.ToString();
    }

    // Indexes of the round durations around the data.
    private static (int Low, int High) Around(IReadOnlyList<TraceSummary> traces)
    {
        var (shortest, longest) = (traces.Min(trace => trace.Duration), traces.Max(trace => trace.Duration));
        var low = Math.Clamp(Array.FindLastIndex(Round, nanos => nanos <= shortest), 0, Round.Length - 2);
        var high = Array.FindIndex(Round, nanos => nanos >= longest);
        return (low, Math.Max(high < 0 ? Round.Length - 1 : high, low + 1));
    }

    private static double Y(double nanos, int low, int high) =>
        Math.Clamp(100 - (Math.Log(Math.Max(1, nanos) / Round[low]) / Math.Log(Round[high] / Round[low]) * 100), 0, 100);

    private static IEnumerable<AxisMark> Ticks(int low, int high)
    {
        // Four or five ticks are easy to read.
        var step = (int)Math.Ceiling((high - low) / 4.0);

        for (var at = low; at <= high; at += step)
        {
            yield return new AxisMark(Format.Number(Y(Round[at], low, high)), Format.Unit(Round[at]));
        }
    }
}
