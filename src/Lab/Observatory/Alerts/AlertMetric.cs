using Platform.Observatory.Metrics;
using Platform.Observatory.Query;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Alerts;

/// <summary>What an alert measures, around the time that it fired, and requests that the figure is made of.</summary>
/// <param name="Expression">Of Prometheus; empty for an alert of ours, and for one whose source does not tell.</param>
/// <param name="Graph">The same in Prometheus' pages; empty without an expression.</param>
/// <param name="From">Of the first value.</param>
/// <param name="To">Of the last value.</param>
/// <param name="StepSeconds">Between values.</param>
/// <param name="Values">Null where there is none; empty when Prometheus does not answer.</param>
/// <param name="Exemplars">From Prometheus, where the alert names a histogram; else traces that its view selects. The newest first.</param>
internal sealed record AlertMetric(
    string Expression,
    string Graph,
    DateTimeOffset From,
    DateTimeOffset To,
    double StepSeconds,
    IReadOnlyList<double?> Values,
    IReadOnlyList<MetricExemplar> Exemplars
);

/// <summary>Reads metrics of alerts.</summary>
internal sealed class AlertMetricReader(Prometheus prometheus, TelemetryStore telemetry, TimeProvider time)
{
    private const int MaxExemplars = 20;
    private static readonly TimeSpan Before = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan After = TimeSpan.FromMinutes(5);

    public async Task<AlertMetric> ReadAsync(Alert alert, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var from = alert.StartedAt - Before;
        var to = alert.EndedAt is { } ended && ended + After < now ? ended + After : now;
        var step = TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling((to - from).TotalSeconds / Prometheus.MaxSteps)));
        var expression = MetricExpression.Of(alert.Expression);
        var series = expression.Length > 0 ? await prometheus.RangeAsync(expression, from, to, step, cancellationToken) : null;
        return new AlertMetric(
            expression,
            prometheus.GraphOf(expression),
            from,
            to,
            step.TotalSeconds,
            series?.FirstOrDefault(item => IsOf(alert, item))?.Values ?? [],
            await ExemplarsAsync(alert, from, to, cancellationToken)
        );
    }

    // One of several instances or queues: all of the series' labels are the alert's.
    private static bool IsOf(Alert alert, MetricSeries series)
    {
        var labels = alert.Labels.Split(", ").ToHashSet(StringComparer.Ordinal);
        return series.Labels.All(label => label.Key == "__name__" || labels.Contains($"{label.Key}={label.Value}"));
    }

    private async Task<IReadOnlyList<MetricExemplar>> ExemplarsAsync(
        Alert alert,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellationToken
    )
    {
        var exemplars = alert.Exemplars.Length > 0 ? await prometheus.ExemplarsAsync(alert.Exemplars, from, to, cancellationToken) : null;

        // A trace that is not kept leads nowhere.
        var kept = exemplars?.Where(exemplar => IsKept(exemplar.TraceId)).Take(MaxExemplars).ToList() ?? [];
        return kept.Count > 0 ? kept : OfView(alert, from, to);
    }

    private bool IsKept(string trace) => TelemetryQuery.TryParseTraceId(trace, out var id) && telemetry.Spans.Trace(id).Count > 0;

    private List<MetricExemplar> OfView(Alert alert, DateTimeOffset from, DateTimeOffset to)
    {
        if (!alert.View.StartsWith("/traces", StringComparison.Ordinal) || SpanSelection.Of(alert.View) is not { IsEmpty: false } selection)
        {
            return [];
        }

        return
        [
            .. selection
                .In(telemetry.Spans.Snapshot(), from, to)
                .Where(span => span.TraceId != UInt128.Zero)
                .Reverse()
                .DistinctBy(span => span.TraceId)
                .Take(MaxExemplars)
                .Select(span => new MetricExemplar(Ids.Trace(span.TraceId), (span.End - span.Start) / 1e9, UnixTime.Of(span.Start))),
        ];
    }
}
