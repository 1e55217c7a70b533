namespace Platform.Observatory.Alerts;

/// <summary>The alerts that Alertmanager told of: those that fire, and what became of earlier ones.</summary>
internal sealed class AlertStore(TimeProvider time)
{
    // Bounded: the oldest goes, one that has ended before one that fires, and that before a critical one.
    public const int Capacity = 500;

    /// <summary>What an alert is about began before it: its condition has to hold for a while.</summary>
    public static readonly TimeSpan Lead = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly List<Alert> _alerts = [];

    /// <summary>Since when it listens.</summary>
    public DateTimeOffset Since { get; } = time.GetUtcNow();

    /// <summary>When the alert that always fires was heard last; null before the first time.</summary>
    public DateTimeOffset? Heard { get; private set; }

    /// <summary>How many Alertmanager left out of large groups, since the start of the process.</summary>
    public long LeftOut { get; set; }

    /// <summary>Adds those that are new, and changes the others: an alert is one from its start to its end.</summary>
    public void Apply(IEnumerable<Alert> alerts, DateTimeOffset now)
    {
        lock (_lock)
        {
            foreach (var alert in alerts)
            {
                if (alert.Name == Alert.Watchdog)
                {
                    Heard = now;
                    continue;
                }

                var index = _alerts.FindIndex(known => known.Fingerprint == alert.Fingerprint && known.StartedAt == alert.StartedAt);
                if (index >= 0)
                {
                    _alerts[index] = alert;
                    continue;
                }

                if (_alerts.Count >= Capacity)
                {
                    _alerts.RemoveAt(Dispensable());
                }

                _alerts.Add(alert);
            }
        }
    }

    private int Dispensable() =>
        _alerts.FindIndex(known => known.EndedAt is not null) is >= 0 and var ended ? ended
        : _alerts.FindIndex(known => !known.IsCritical) is >= 0 and var mild ? mild
        : 0;

    /// <summary>What was told of one that Prometheus knows, which does not tell fingerprints; the alert itself when nothing was.</summary>
    public Alert ToldOf(Alert alert)
    {
        lock (_lock)
        {
            return _alerts.Find(told => told.EndedAt is null && told.Labels == alert.Labels) ?? alert;
        }
    }

    /// <summary>Null when there is none of this id.</summary>
    public Alert? Find(string id)
    {
        lock (_lock)
        {
            return _alerts.Find(alert => alert.Id == id);
        }
    }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<Alert> All()
    {
        lock (_lock)
        {
            return [.. _alerts.OrderByDescending(alert => alert.StartedAt)];
        }
    }
}
