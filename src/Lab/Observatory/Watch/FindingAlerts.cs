using Platform.Observatory.Alerts;
using Platform.Observatory.Findings;

namespace Platform.Observatory.Watch;

/// <summary>Makes an alert of what the overview finds, when it is found again and again, and ends it when it is not any more.</summary>
internal sealed class FindingAlerts(AlertStore alerts)
{
    /// <summary>Each has its runbook.</summary>
    public static readonly string[] Names = ["RequestsFailing", "RequestsSlow", "CallsFailing", "CallsSlow"];

    // A finding of one moment is chance.
    private static readonly TimeSpan HoldsFor = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan GoneFor = TimeSpan.FromMinutes(1);

    private (string Name, string Service, string Subject, DateTimeOffset Since)? _candidate;

    // When each was found last; bounded by the alerts that are not over.
    private readonly Dictionary<string, DateTimeOffset> _found = new(StringComparer.Ordinal);

    /// <summary>The alerts that are new, or that changed.</summary>
    public IEnumerable<Alert> Next(Finding? finding, DateTimeOffset now)
    {
        var open = alerts.All().Where(alert => alert.IsOwn && alert.EndedAt is null && Names.Contains(alert.Name)).ToList();
        if (finding is not null && Changed(finding, open, now) is { } changed)
        {
            yield return changed;
        }

        foreach (var alert in open.Where(alert => now - LastFound(alert, now) >= GoneFor))
        {
            _found.Remove(alert.Id);
            yield return alert with
            {
                EndedAt = now,
            };
        }
    }

    private Alert? Changed(Finding finding, List<Alert> open, DateTimeOffset now)
    {
        var (name, severity) = (NameOf(finding), finding.IsGrave ? Alert.Critical : Alert.Warning);
        if (
            _candidate is not { } candidate
            || (candidate.Name, candidate.Service, candidate.Subject) != (name, finding.Service, finding.Subject)
        )
        {
            _candidate = candidate = (name, finding.Service, finding.Subject, now);
        }

        var alert = Alert.Own(
            name,
            finding.Service,
            severity,
            finding.IsBackground ? "delayed" : "blocked",
            ("subject", finding.Subject),
            finding.What,
            UsersFeel(finding),
            finding.Traces,
            finding.StartedAt ?? now
        );
        if (open.Find(known => known.Fingerprint == alert.Fingerprint) is { } same)
        {
            _found[same.Id] = now;

            // It became worse, or better known; it never becomes less than it was.
            return same.IsCritical || !finding.IsGrave ? null : alert with { StartedAt = same.StartedAt };
        }

        return now - candidate.Since >= HoldsFor ? alert : null;
    }

    private DateTimeOffset LastFound(Alert alert, DateTimeOffset now)
    {
        _found.TryAdd(alert.Id, now);
        return _found[alert.Id];
    }

    private static string NameOf(Finding finding) => $"{(finding.IsCall ? "Calls" : "Requests")}{(finding.IsFailing ? "Failing" : "Slow")}";

    private static string UsersFeel(Finding finding) =>
        finding switch
        {
            { IsBackground: true } => "What happens after an order comes later.",
            { IsFailing: true } => "Users get an error instead of what they asked for.",
            _ => "Users wait.",
        };
}
