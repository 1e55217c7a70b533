namespace Platform.Observatory.Alerts;

/// <summary>The API of alerts: GET /api/alerts. Alertmanager posts to the same address.</summary>
internal static class AlertApi
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet(
            "/api/alerts",
            (AlertStore store, AlertSources sources) =>
                TypedResults.Ok(
                    new
                    {
                        sources.State.Firing,
                        sources.State.Pending,
                        sources.State.Quiet,
                        sources.State.Silences,
                        History = store.All(),
                        store.Heard,
                        sources.State.PrometheusAway,
                        sources.State.AlertmanagerAway,
                    }
                )
        );
}
