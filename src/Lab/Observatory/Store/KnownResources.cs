using Platform.Observatory.Otlp;

namespace Platform.Observatory.Store;

/// <summary>Every process that ever sent something, even after its records were evicted.</summary>
internal sealed class KnownResources
{
    // Bounded: the least recently seen one is evicted.
    private const int Capacity = 1_000;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Service, string? Instance), KnownResource> _resources = [];

    public void Observe(OriginResource origin, Signal signal, DateTimeOffset at)
    {
        lock (_lock)
        {
            var key = (origin.Service, origin.Instance);

            if (!_resources.TryGetValue(key, out var known))
            {
                if (_resources.Count >= Capacity)
                {
                    _resources.Remove(_resources.MinBy(pair => pair.Value.LastSeen).Key);
                }

                known = new KnownResource(origin.Service, origin.Instance, at);
                _resources.Add(key, known);
            }

            known.Observe(signal, at);
        }
    }

    /// <summary>Adds losses that a process reports from before it could send.</summary>
    public void AddLoss(OriginResource origin, Signal signal, LossReport report)
    {
        lock (_lock)
        {
            _resources.GetValueOrDefault((origin.Service, origin.Instance))?.AddLoss(signal, report);
        }
    }

    public IReadOnlyList<KnownResourceState> All()
    {
        lock (_lock)
        {
            return
            [
                .. _resources
                    .Values.Select(known => known.State)
                    .OrderBy(state => state.Name, StringComparer.Ordinal)
                    .ThenBy(state => state.InstanceId, StringComparer.Ordinal),
            ];
        }
    }

    private sealed class KnownResource(string service, string? instance, DateTimeOffset firstSeen)
    {
        private bool _traces;
        private bool _metrics;
        private bool _logs;
        private readonly LossCounter _lostSpans = new();
        private readonly LossCounter _lostLogs = new();

        public DateTimeOffset LastSeen { get; private set; }

        public KnownResourceState State =>
            new(service, instance, _logs, _traces, _metrics, firstSeen, LastSeen, _lostSpans.Total, _lostLogs.Total);

        public void AddLoss(Signal signal, LossReport report) => (signal == Signal.Traces ? _lostSpans : _lostLogs).Add(report);

        public void Observe(Signal signal, DateTimeOffset now)
        {
            _traces |= signal == Signal.Traces;
            _metrics |= signal == Signal.Metrics;
            _logs |= signal == Signal.Logs;
            LastSeen = now;
        }
    }
}

internal sealed record KnownResourceState(
    string Name,
    string? InstanceId,
    bool HasLogs,
    bool HasTraces,
    bool HasMetrics,
    DateTimeOffset FirstSeen,
    DateTimeOffset LastSeen,
    long LostSpans,
    long LostLogs
)
{
    public string DisplayName => InstanceId is null ? Name : $"{Name}-{InstanceId}";
}
