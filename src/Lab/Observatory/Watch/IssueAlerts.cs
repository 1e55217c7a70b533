using Platform.Observatory.Alerts;
using Platform.Observatory.Issues;

namespace Platform.Observatory.Watch;

/// <summary>Makes an alert of an issue that is new, and of one that comes much more often than before: one for each time.</summary>
internal sealed class IssueAlerts(AlertStore alerts, IssueStore issues)
{
    public const string New = "NewIssue";
    public const string Spiking = "SpikingIssue";

    // Nobody has to mend the same issue twice: the alert is told and ends by itself.
    private static readonly TimeSpan NewFor = TimeSpan.FromMinutes(5);

    // Against the hour before, in steps of five minutes.
    private const int UsualSteps = 12;
    private const int MinUsualSteps = 2;
    private const int MinEvents = 20;
    private const double Factor = 10;

    // A flood of new ones says nothing that the page of issues does not say better, and would drive others out of the store.
    private const int MaxNew = 20;

    // When each was told; bounded by MaxNew in NewFor.
    private readonly Dictionary<string, DateTimeOffset> _told = new(StringComparer.Ordinal);
    private DateTimeOffset _renewed;

    /// <summary>The alerts that are new, or that ended.</summary>
    public IEnumerable<Alert> Next(DateTimeOffset now)
    {
        var known = alerts.All().Where(IsOfIssue).ToList();
        foreach (var old in _told.Where(told => now - told.Value > NewFor).Select(told => told.Key).ToList())
        {
            _told.Remove(old);
        }

        foreach (
            var issue in issues
                .Find(IssueQuery.All, now)
                .Where(issue => issue.Status != IssueStatus.Muted && now - issue.LastSeen < 2 * TimeBuckets.Step)
        )
        {
            if (
                now - issue.FirstSeen < NewFor
                && _told.Count < MaxNew
                && !known.Exists(alert => alert.Name == New && alert.Subject == issue.Id)
                && _told.TryAdd(issue.Id, now)
            )
            {
                yield return Of(New, issue, issue.FirstSeen);
            }

            if (
                !known.Exists(alert => alert.Name == Spiking && alert.Subject == issue.Id && alert.EndedAt is null) && IsSpiking(issue, now)
            )
            {
                yield return Of(Spiking, issue, now);
            }
        }

        foreach (var alert in known.Where(alert => alert.EndedAt is null))
        {
            if (alert.Name == New ? now - alert.StartedAt >= NewFor : !IsSpiking(alert, now))
            {
                yield return alert with
                {
                    EndedAt = now,
                };
            }
        }
    }

    /// <summary>What Alertmanager is told: each change, and now and then what lasts, which would end there by itself.</summary>
    public IReadOnlyList<Alert> ToTell(IReadOnlyList<Alert> changed, DateTimeOffset now)
    {
        if (now - _renewed < AlertPost.Renewal)
        {
            return changed;
        }

        _renewed = now;
        var open = alerts.All().Where(alert => IsOfIssue(alert) && alert.EndedAt is null);
        return [.. changed, .. open.ExceptBy(changed.Select(alert => alert.Id), alert => alert.Id)];
    }

    private static bool IsOfIssue(Alert alert) => alert.IsOwn && alert.Name is New or Spiking;

    private bool IsSpiking(Alert alert, DateTimeOffset now) => issues.Get(alert.Subject, now) is { } found && IsSpiking(found.Issue, now);

    // The last whole step, or the one that has begun, against those before.
    private bool IsSpiking(IssueSummary issue, DateTimeOffset now)
    {
        if (issue.Count < MinEvents || issue.LastSeen < now - (2 * TimeBuckets.Step) || issues.Get(issue.Id, now) is not { } found)
        {
            return false;
        }

        var recent = Math.Max(found.OverTime[^1].Count, found.OverTime[^2].Count);
        var usual = found
            .OverTime.Take(TimeBuckets.Count - 2)
            .TakeLast(UsualSteps)
            .Where(step => step.Time + TimeBuckets.Step > issue.FirstSeen)
            .ToList();
        return usual.Count >= MinUsualSteps && recent >= MinEvents && recent >= Factor * Math.Max(1, usual.Average(step => step.Count));
    }

    private static Alert Of(string name, IssueSummary issue, DateTimeOffset startedAt) =>
        Alert.Own(
            name,
            issue.Services.Count > 0 ? issue.Services[0] : "",
            Alert.Warning,
            issue.Users > 0 ? "blocked" : "none",
            ("issue", issue.Id),
            name == New
                ? $"A new issue: {IssueTitle.Of(issue.Type, issue.Value)} in {issue.Culprit}"
                : $"Ten times as often as in the hour before, and more: {IssueTitle.Of(issue.Type, issue.Value)} in {issue.Culprit}",
            issue.Users > 0 ? "Users get an error instead of what they asked for." : "Nobody was in front of it.",
            issue.Links.Page,
            startedAt
        );
}
