using Platform.Observatory.Otlp;
using Platform.Observatory.Store;

namespace Platform.Observatory.Ingest;

/// <summary>
/// Reads the losses that OpenTelemetry SDKs report: their processors count processed items, and lost ones with the attribute error.type.
/// The names are those of the semantic conventions (otel.sdk.processor.*).
/// <para>
/// Counted: items dropped because the sender's queue was full, while this receiver was down or slow (queue_full), and items created after
/// the SDK was shut down (already_shutdown).
/// </para>
/// <para>
/// Not counted anywhere, so that it cannot be known here: a batch that the exporter gave up (after its timeout, on a non-retryable
/// response, or over gRPC because the receiver died before it answered), since the processor was done once the exporter had it; what was
/// queued or in flight when the sender exited; and what was counted after the sender's last report.
/// </para>
/// </summary>
internal static class SdkLosses
{
    private const string Spans = "otel.sdk.processor.span.processed";
    private const string Logs = "otel.sdk.processor.log.processed";

    /// <summary>More than a sender can lose: reports are not validated, and sums of them must not overflow.</summary>
    private const long MaxLost = 1L << 40;

    public static void Read(ResourceMetrics metrics, OriginResource sender, KnownResources senders)
    {
        Read(metrics, Spans, total => senders.AddLoss(sender, Signal.Traces, total));
        Read(metrics, Logs, total => senders.AddLoss(sender, Signal.Logs, total));
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
