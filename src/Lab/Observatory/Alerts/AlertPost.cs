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
    // Told once; it ends by itself there.
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(5);

    public static AlertPost Of(Alert alert)
    {
        var labels = alert
            .Labels.Split(", ")
            .Select(pair => pair.Split('=', 2))
            .Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        labels["severity"] = alert.Severity;
        labels["impact"] = alert.Impact;
        labels["team"] = alert.Team;
        return new AlertPost(
            labels,
            new Dictionary<string, string>
            {
                ["summary"] = alert.Summary,
                ["impact"] = alert.UsersFeel,
                ["view"] = alert.View,
                ["runbook"] = alert.Runbook,
            },
            alert.StartedAt,
            alert.StartedAt + Lasts
        );
    }
}
