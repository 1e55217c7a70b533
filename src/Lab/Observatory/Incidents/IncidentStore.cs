using Platform.Observatory.Alerts;
using Platform.Observatory.Findings;
using Platform.Observatory.Issues;
using Platform.Observatory.Releases;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Incidents;

/// <summary>One line of an incident's timeline.</summary>
/// <param name="Time">When it happened.</param>
/// <param name="Kind">deploy, alert, change (found by Observatory), issue, recovery or closed.</param>
/// <param name="Text">One sentence.</param>
/// <param name="Detail">What users feel, or what it replaces; may be empty.</param>
/// <param name="Page">Where to read more; empty when there is nothing.</param>
internal sealed record IncidentEvent(DateTimeOffset Time, string Kind, string Text, string Detail, string Page);

/// <summary>Incidents are what the alerts say: there is nothing to keep beside them, and nothing that could disagree.</summary>
internal sealed class IncidentStore(AlertStore alerts, DeployStore deploys, IssueStore issues, TelemetryStore telemetry, TimeProvider time)
{
    // Lines of one timeline; alerts and deploys are bounded by their stores.
    private const int MaxIssues = 50;

    // What happened shortly before may be the cause.
    private static readonly TimeSpan Before = TimeSpan.FromMinutes(10);

    /// <summary>The newest first.</summary>
    public IReadOnlyList<Incident> All() => Incident.Of(alerts.All(), time.GetUtcNow());

    public Incident? Open() => All().FirstOrDefault(incident => incident.EndedAt is null);

    /// <summary>The one that an alert belongs to, whether it opened it or not; null when there is none.</summary>
    public Incident? Find(string alertId) =>
        All() is var all && all.FirstOrDefault(incident => incident.Id == alertId) is { } opened
            ? opened
            : all.FirstOrDefault(incident => incident.Alerts.Any(alert => alert.Id == alertId));

    /// <summary>The users of the requests that the worst alert is about.</summary>
    public string AffectedOf(Incident incident) =>
        Affected.Text(
            incident.Worst.View,
            incident.Worst.IsOfRequests,
            telemetry.Spans.Snapshot(),
            incident.StartedAt - AlertStore.Lead,
            incident.EndedAt ?? time.GetUtcNow()
        );

    /// <summary>Alerts, deploys, new issues and recovery, the newest last.</summary>
    public IReadOnlyList<IncidentEvent> TimelineOf(Incident incident)
    {
        var now = time.GetUtcNow();
        var (from, to) = (incident.StartedAt - Before, incident.EndedAt ?? now);
        return
        [
            .. deploys
                .All()
                .Where(deploy => deploy.PreviousRelease is not null && deploy.Time >= from && deploy.Time <= to)
                .Select(EventOf)
                .Concat(incident.Alerts.Where(alert => !alert.View.StartsWith("/issues/", StringComparison.Ordinal)).SelectMany(EventsOf))
                .Concat(
                    issues
                        .Find(IssueQuery.All, now)
                        .Where(issue => issue.FirstSeen >= from && issue.FirstSeen <= to)
                        .OrderBy(issue => issue.FirstSeen)
                        .Take(MaxIssues)
                        .Select(EventOf)
                )
                .Concat(incident.EndedAt is { } ended ? [new IncidentEvent(ended, "closed", "All critical alerts are over", "", "")] : [])
                .OrderBy(item => item.Time),
        ];
    }

    private static IncidentEvent EventOf(Deploy deploy) =>
        new(deploy.Time, "deploy", $"{deploy.Service} {deploy.Release}", $"replaces {deploy.PreviousRelease}", DeployLinks.Of(deploy).Page);

    private static IncidentEvent EventOf(IssueSummary issue) =>
        new(issue.FirstSeen, "issue", $"New issue {IssueTitle.Of(issue.Type, issue.Value)}", issue.Culprit, issue.Links.Page);

    private static IEnumerable<IncidentEvent> EventsOf(Alert alert)
    {
        var page = AlertLinks.Of(alert).Page;
        yield return new IncidentEvent(
            alert.StartedAt,
            alert.IsOwn ? "change" : "alert",
            Named(alert, alert.Summary),
            alert.UsersFeel,
            page
        );
        if (alert.EndedAt is { } ended)
        {
            yield return new IncidentEvent(
                ended,
                "recovery",
                $"{alert.Name} is over",
                $"after {Format.Length(ended - alert.StartedAt)}",
                page
            );
        }
    }

    private static string Named(Alert alert, string text) => $"{alert.Name}: {text}";
}
