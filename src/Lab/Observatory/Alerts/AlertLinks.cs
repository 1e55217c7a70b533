namespace Platform.Observatory.Alerts;

/// <summary>Links of an alert, for programs.</summary>
internal sealed record AlertLinks(string Self, string Page, string Metric, string Incident, string? Traces, string? Runbook)
{
    public static AlertLinks Of(Alert alert) =>
        new(
            $"/api/alerts/{alert.Id}",
            $"/alerts/{alert.Id}",
            $"/api/alerts/{alert.Id}/metric",
            $"/api/incidents/{alert.Id}",
            alert.View.StartsWith("/traces", StringComparison.Ordinal) ? $"/api/telemetry{alert.View}" : null,
            alert.RunbookName is { } name ? $"/runbooks/{name}" : null
        );
}
