using Platform.Observatory.Alerts;

namespace Platform.Observatory.Incidents;

/// <summary>
/// A time in which something critical was wrong, opened by the first critical alert and closed when the last one ends. Alerts that follow
/// each other closely are one incident: what breaks one thing breaks more.
/// </summary>
/// <param name="Opened">The alert that opened it.</param>
/// <param name="StartedAt">When that began.</param>
/// <param name="EndedAt">Null while a critical alert fires.</param>
/// <param name="Alerts">All alerts of the time, warnings as well: users blocked first, then critical ones, then the earlier.</param>
internal sealed record Incident(Alert Opened, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, IReadOnlyList<Alert> Alerts)
{
    // What ends and comes back within it has not been over.
    private static readonly TimeSpan Gap = TimeSpan.FromMinutes(2);

    /// <summary>Of the alert that opened it.</summary>
    public string Id => Opened.Id;

    /// <summary>What hurts most.</summary>
    public Alert Worst => Alerts[0];

    /// <summary>blocked, delayed or none.</summary>
    public string Impact => Worst.Impact;

    public IEnumerable<string> Services =>
        Alerts.Select(alert => alert.Service).Where(service => service.Length > 0).Distinct(StringComparer.Ordinal);

    /// <summary>The newest first.</summary>
    public static IReadOnlyList<Incident> Of(IReadOnlyList<Alert> alerts, DateTimeOffset now)
    {
        var incidents = new List<Incident>();
        Alert? opened = null;
        DateTimeOffset? end = null;

        foreach (var alert in alerts.Where(alert => alert.IsCritical).OrderBy(alert => alert.StartedAt))
        {
            if (opened is not null && alert.StartedAt <= (end ?? DateTimeOffset.MaxValue - Gap) + Gap)
            {
                end = end is null || alert.EndedAt is null ? null : Later(end.Value, alert.EndedAt.Value);
                continue;
            }

            Close();
            (opened, end) = (alert, alert.EndedAt);
        }

        Close();
        incidents.Reverse();
        return incidents;

        void Close()
        {
            if (opened is null)
            {
                return;
            }

            // Over only when it cannot come back into the same incident.
            var over = end is { } ended && ended + Gap < now ? end : null;
            var (start, last) = (opened.StartedAt, over ?? now);
            incidents.Add(
                new Incident(
                    opened,
                    start,
                    over,
                    [
                        .. alerts
                            .Where(alert => alert.StartedAt <= last && (alert.EndedAt ?? now) >= start)
                            .OrderBy(alert =>
                                alert.Impact == "blocked" ? 0
                                : alert.Impact == "delayed" ? 1
                                : 2
                            )
                            .ThenBy(alert => alert.IsCritical ? 0 : 1)
                            .ThenBy(alert => alert.StartedAt),
                    ]
                )
            );
        }
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
