using Platform.Observatory.Alerts;

namespace Platform.Observatory.Watch;

/// <summary>
/// Ends alerts that Prometheus does not know any more: it, or Alertmanager, was started anew and has nothing to say about how they ended.
/// </summary>
internal sealed class ForgottenAlerts(AlertStore alerts)
{
    // Alertmanager tells of an end within minutes, which is the better source.
    private static readonly TimeSpan UnknownFor = TimeSpan.FromMinutes(6);

    // Since when each is unknown to Prometheus; bounded by the alerts that are not over.
    private readonly Dictionary<string, DateTimeOffset> _unknown = new(StringComparer.Ordinal);

    /// <summary>Those that are over by now.</summary>
    public IReadOnlyList<Alert> Next(AlertSources sources, DateTimeOffset now) =>
        sources.IsConfigured
        && sources.State is { PrometheusAway: null, Firing.Count: < AlertSources.MaxShown, Pending.Count: < AlertSources.MaxShown } state
            ? Over([.. state.Firing, .. state.Pending], now)
            : Over(null, now);

    /// <param name="firing">What fires or is pending again; null while nobody knows.</param>
    /// <param name="now">The time.</param>
    internal IReadOnlyList<Alert> Over(IReadOnlyList<Alert>? firing, DateTimeOffset now)
    {
        if (firing is null)
        {
            _unknown.Clear();
            return [];
        }

        var known = firing.Select(alert => alert.Labels).ToHashSet(StringComparer.Ordinal);
        var unknown = alerts.All().Where(alert => !alert.IsOwn && alert.EndedAt is null && !known.Contains(alert.Labels)).ToList();
        foreach (var id in _unknown.Keys.Except(unknown.Select(alert => alert.Id)).ToList())
        {
            _unknown.Remove(id);
        }

        foreach (var alert in unknown)
        {
            _unknown.TryAdd(alert.Id, now);
        }

        return [.. unknown.Where(alert => now - _unknown[alert.Id] >= UnknownFor).Select(alert => alert with { EndedAt = now })];
    }
}
