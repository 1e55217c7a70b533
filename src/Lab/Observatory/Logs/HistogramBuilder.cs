using System.Text;
using Platform.Observatory.Charts;
using Platform.Observatory.Releases;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Logs;

/// <summary>Log lines over time by level, the most severe on top.</summary>
internal static class HistogramBuilder
{
    private const int Bars = 60;
    private const double Gap = 2;

    /// <summary>Null without lines.</summary>
    public static Histogram? Build(
        IReadOnlyList<StoredLog> logs,
        TimeRange range,
        IEnumerable<Deploy> deploys,
        Func<TimeAxis, IReadOnlyList<Zone>> faults,
        string address
    )
    {
        if (logs.Count == 0)
        {
            return null;
        }

        var axis = range.IsAll
            ? new TimeAxis(logs.Min(log => log.Time), logs.Max(log => log.Time))
            : new TimeAxis(range.FromNanos, range.ToNanos);
        var counts = new int[3, Bars];

        foreach (var log in logs)
        {
            counts[
                log.HasError ? 2
                : log.Severity >= StoredLog.WarningSeverity ? 1
                : 0,
                Math.Min(Bars - 1, (int)(axis.At(log.Time) / 100 * Bars))
            ]++;
        }

        var highest = Enumerable.Range(0, Bars).Max(bar => counts[0, bar] + counts[1, bar] + counts[2, bar]);
        var (bad, warn) = (logs.Count(log => log.HasError), logs.Count(log => !log.HasError && log.Severity >= StoredLog.WarningSeverity));
        return new Histogram(
            [
                new Dots("", Path(counts, 0, highest), "information and below"),
                new Dots("warn", Path(counts, 1, highest), "warning"),
                new Dots("bad", Path(counts, 2, highest), "error and above"),
            ],
            "M0 0H1000M0 50H1000M0 100H1000",
            [new AxisMark("0", Format.Short(highest)), new AxisMark("100", "0")],
            axis.Times,
            axis.Zones(address),
            axis.Deploys(deploys),
            faults(axis),
            $"{Format.Count(logs.Count, "line", "lines")} over time, of them {Format.Count(warn, "warning", "warnings")} "
                + $"and {Format.Count(bad, "error", "errors")}; at most {Format.Count(highest)} in one bar"
        );
    }

    private static string Path(int[,] counts, int level, double highest)
    {
        var path = new StringBuilder();
        const double width = 1000.0 / Bars;

        for (var bar = 0; bar < Bars; bar++)
        {
            if (counts[level, bar] > 0)
            {
                var below = Enumerable.Range(0, level).Sum(lower => counts[lower, bar]) / highest * 100;
                var height = Format.Number(counts[level, bar] / highest * 100);
                path.Append('M')
                    .Append(Format.Number(bar * width))
                    .Append(' ')
                    .Append(Format.Number(100 - below))
                    .Append("v-")
                    .Append(height)
                    .Append('h')
                    .Append(Format.Number(width - Gap))
                    .Append('v')
                    .Append(height)
                    .Append('z');
            }
        }

        return path.ToString();
    }
}
