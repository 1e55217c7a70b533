using Platform.Observatory.Otlp;
using Platform.Observatory.Store;

namespace Platform.Observatory.Ingest;

/// <summary>
/// OpenTelemetry's SDKs count what their processors are done with, and with the attribute error.type what those lost. The names are those
/// of the semantic conventions (otel.sdk.processor.*).
/// <para>
/// Counted by it: what found the queue of a sender full, because this receiver was away or slow (queue_full), and what was made after the
/// sender's stop (already_shutdown).
/// </para>
/// <para>
/// Not counted by anybody, so that it cannot be known here: a batch that the exporter gave up - after its time-out, for an answer that
/// forbids to try again, or over gRPC because the receiver died before it answered - since for the processor it was done when the exporter
/// had it; what was in the queue, or on the way, when the sender ended and nobody took it in time; and what was counted, but ended with the
/// sender before its next report.
/// </para>
/// </summary>
internal static class SdkLosses
{
    private const string Spans = "otel.sdk.processor.span.processed";
    private const string Logs = "otel.sdk.processor.log.processed";

    /// <summary>More than anybody can lose: what a sender says is not checked, and sums of it must not overflow.</summary>
    private const long MaxLost = 1L << 40;

    public static void Read(ResourceMetrics metrics, OriginResource sender, KnownResources senders)
    {
        Read(metrics, Spans, total => senders.Lost(sender, Signal.Traces, total));
        Read(metrics, Logs, total => senders.Lost(sender, Signal.Logs, total));
    }

    // A sender with several processors has a point for each.
    private static void Read(ResourceMetrics metrics, string name, Action<LossReport> report)
    {
        var sums = metrics
            .ScopeMetrics.SelectMany(scope => scope.Metrics)
            .Where(metric => metric.Name == name && metric.Sum is not null)
            .Select(metric => metric.Sum)
            .ToList();

        if (sums.Count == 0)
        {
            return;
        }

        var points = sums.SelectMany(sum => sum.DataPoints).ToList();
        var lost = points
            .Where(point => point.Attributes.Any(attribute => attribute.Key == "error.type"))
            .Sum(point => (double)Math.Max(0, point.AsInt));
        var start = points.Select(point => point.StartTimeUnixNano).DefaultIfEmpty().Min();
        var isDelta = sums.Any(sum => sum.AggregationTemporality == AggregationTemporality.Delta);
        report(new LossReport((long)Math.Min(lost, MaxLost), start, isDelta));
    }
}
