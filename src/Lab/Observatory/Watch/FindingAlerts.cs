using Platform.Observatory.Alerts;
using Platform.Observatory.Findings;

namespace Platform.Observatory.Watch;

/// <summary>Makes an alert of what the overview finds, when it is grave and found again and again, and ends it when it is over.</summary>
internal sealed class FindingAlerts(AlertStore alerts)
{
    private const string Calls = "Calls";
    private const string Requests = "Requests";
    private const string Failing = "Failing";
    private const string Slow = "Slow";

    /// <summary>Each has its runbook.</summary>
    public static readonly string[] Names = [Requests + Failing, Requests + Slow, Calls + Failing, Calls + Slow];

    // A finding of one moment is chance; one that is away for a moment, because another is worse, is the same.
    private static readonly TimeSpan HoldsFor = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Gap = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan GoneFor = TimeSpan.FromMinutes(1);

    // Bounded by what is found within the gap.
    private readonly Dictionary<(string Name, string Service, string Subject), (DateTimeOffset Since, DateTimeOffset Last)> _candidates =
    [];

    // When each held last, and what was usual before it: of those of an earlier run when they are found again. Bounded by the alerts that
    // are not over.
    private readonly Dictionary<string, (DateTimeOffset At, Usual? Usual)> _held = new(StringComparer.Ordinal);

    /// <summary>The alerts that are new, or that ended.</summary>
    /// <param name="finding">The worst of now; null when there is none.</param>
    /// <param name="holds">
    /// Whether an operation still fails or is slow, although another is worse now, or this has lasted so long that it looks usual: what was
    /// usual before is given, and null when it is not known.
    /// </param>
    /// <param name="now">The time.</param>
    public IEnumerable<Alert> Next(Finding? finding, Func<Alert, Usual?, bool> holds, DateTimeOffset now)
    {
        var open = alerts.All().Where(alert => alert.IsOwn && alert.EndedAt is null && Names.Contains(alert.Name)).ToList();
        foreach (var gone in _candidates.Where(known => now - known.Value.Last > Gap).Select(known => known.Key).ToList())
        {
            _candidates.Remove(gone);
        }

        // What is only notable stays on the overview: nobody would do anything about it.
        if (finding is { IsGrave: true } && New(finding, open, now) is { } born)
        {
            _held[born.Id] = (now, finding.Usual);
            yield return born;
        }

        foreach (var alert in open)
        {
            var isKnown = _held.TryGetValue(alert.Id, out var held);
            var usual = held.Usual ?? (finding is not null && IsOf(alert, finding) ? finding.Usual : null);
            if (!isKnown || holds(alert, usual))
            {
                _held[alert.Id] = (now, usual);
            }
            else if (now - held.At >= GoneFor)
            {
                _held.Remove(alert.Id);
                yield return alert with
                {
                    EndedAt = now,
                };
            }
        }
    }

    private Alert? New(Finding finding, List<Alert> open, DateTimeOffset now)
    {
        var key = (NameOf(finding), finding.Service, finding.Subject);
        var since = _candidates.TryGetValue(key, out var known) ? known.Since : now;
        _candidates[key] = (since, now);
        var alert = Alert.Own(
            key.Item1,
            finding.Service,
            Alert.Critical,
            finding.IsBackground ? "delayed" : "blocked",
            ("subject", finding.Subject),
            finding.What,
            UsersFeel(finding),
            finding.Traces,
            finding.StartedAt ?? now
        );
        return now - since >= HoldsFor && !open.Exists(known => known.Fingerprint == alert.Fingerprint) ? alert : null;
    }

    public static bool Holds(FindingBuilder builder, Alert alert, Usual? usual) =>
        builder.Holds(
            alert.Service,
            alert.Subject,
            alert.Name.StartsWith(Calls, StringComparison.Ordinal),
            alert.Name.EndsWith(Failing, StringComparison.Ordinal),
            usual
        );

    private static bool IsOf(Alert alert, Finding finding) =>
        (alert.Name, alert.Service, alert.Subject) == (NameOf(finding), finding.Service, finding.Subject);

    private static string NameOf(Finding finding) => $"{(finding.IsCall ? Calls : Requests)}{(finding.IsFailing ? Failing : Slow)}";

    private static string UsersFeel(Finding finding) =>
        finding switch
        {
            { IsBackground: true } => "What happens after an order comes later.",
            { IsFailing: true } => "Users get an error instead of what they asked for.",
            _ => "Users wait.",
        };
}
