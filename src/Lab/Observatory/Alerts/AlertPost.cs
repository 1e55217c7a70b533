namespace Platform.Observatory.Alerts;

/// <summary>
/// An alert as Alertmanager takes it (POST /api/v2/alerts,
/// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml).
/// </summary>
internal sealed record AlertPost(
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyDictionary<string, string> Annotations,
    DateTimeOffset StartsAt,
    DateTimeOffset EndsAt
)
{
    /// <summary>It is told again in this time while it lasts.</summary>
    public static readonly TimeSpan Renewal = TimeSpan.FromMinutes(3);

    // Longer than Alertmanager waits between two messages of a group; it ends by itself there when nobody tells it again.
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(10);

    /// <summary>Of an issue, whose page is its view.</summary>
    public static AlertPost Of(Alert alert, DateTimeOffset now) =>
        new(
            new Dictionary<string, string>
            {
                ["alertname"] = alert.Name,
                ["job"] = alert.Service,
                ["issue"] = alert.Subject,
                [Alert.SourceLabel] = Alert.OwnSource,
                ["severity"] = alert.Severity,
                ["impact"] = alert.Impact,
                ["team"] = alert.Team,
            },
            new Dictionary<string, string>
            {
                ["summary"] = alert.Summary,
                ["impact"] = alert.UsersFeel,
                ["view"] = alert.View,
                ["runbook"] = alert.Runbook,
            },
            alert.StartedAt,
            alert.EndedAt ?? now + Lasts
        );
}
