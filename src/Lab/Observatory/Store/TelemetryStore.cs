using Microsoft.Extensions.Options;
using Platform.Observatory.Otlp;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Store;

/// <summary>All telemetry in memory.</summary>
internal sealed class TelemetryStore(IOptions<ObservatoryOptions> options, TimeProvider time)
{
    /// <summary>When this process began to receive.</summary>
    public DateTimeOffset Since { get; } = time.GetUtcNow();

    public SignalStore<StoredSpan> Spans { get; } =
        new(options.Value.MaxSpans, options.Value.MaxSpanBytes, options.Value.MaxFollowers, uniqueSpanIds: true, new SignalCounters());

    public SignalStore<StoredLog> Logs { get; } =
        new(options.Value.MaxLogs, options.Value.MaxLogBytes, options.Value.MaxFollowers, uniqueSpanIds: false, new SignalCounters());

    public SignalCounters Metrics { get; } = new();

    public KnownResources Resources { get; } = new();

    public SignalCounters CountersOf(Signal signal) =>
        signal switch
        {
            Signal.Traces => Spans.Counters,
            Signal.Logs => Logs.Counters,
            _ => Metrics,
        };
}
