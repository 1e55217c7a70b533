using Microsoft.AspNetCore.Http.HttpResults;
using Platform.Observatory.Findings;
using Platform.Observatory.Store;

namespace Platform.Observatory.Alerts;

/// <summary>The API of alerts: GET /api/alerts and below. Alertmanager posts to the same address.</summary>
internal static class AlertApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/alerts", List);
        routes.MapGet("/api/alerts/{id}", Get);
        routes.MapGet("/api/alerts/{id}/metric", GetMetricAsync);
    }

    private static Ok<object> List(AlertStore store, AlertSources sources) =>
        TypedResults.Ok<object>(
            new
            {
                Firing = sources.State.Firing.Select(store.ToldOf),
                sources.State.Pending,
                sources.State.Silenced,
                sources.State.Inhibited,
                sources.State.Silences,
                History = store.All(),
                store.Heard,
                sources.State.PrometheusAway,
                sources.State.AlertmanagerAway,
            }
        );

    private static IResult Get(string id, AlertStore store, TelemetryStore telemetry, TimeProvider time) =>
        store.Find(id) is { } alert
            ? TypedResults.Ok(
                new
                {
                    Alert = alert,
                    Affected = Affected.Text(
                        alert.View,
                        alert.IsOfRequests,
                        telemetry.Spans.Snapshot(),
                        alert.StartedAt - AlertStore.Lead,
                        alert.EndedAt ?? time.GetUtcNow()
                    ),
                    Links = AlertLinks.Of(alert),
                }
            )
            : Unknown();

    private static async Task<IResult> GetMetricAsync(
        string id,
        AlertStore store,
        AlertMetricReader reader,
        CancellationToken cancellationToken
    )
    {
        if (store.Find(id) is not { } alert)
        {
            return Unknown();
        }

        var metric = await reader.ReadAsync(alert, cancellationToken);
        return TypedResults.Ok(
            new
            {
                metric.Expression,
                metric.Graph,
                metric.From,
                metric.To,
                metric.StepSeconds,
                metric.Values,
                Exemplars = metric.Exemplars.Select(exemplar => new
                {
                    exemplar.TraceId,
                    exemplar.Value,
                    exemplar.Time,
                    Trace = $"/api/telemetry/traces/{exemplar.TraceId}",
                    Page = $"/traces/{exemplar.TraceId}",
                }),
            }
        );
    }

    private static ProblemHttpResult Unknown() =>
        TypedResults.Problem(
            "There is no such alert: nobody told of it, or it was evicted by newer ones.",
            statusCode: StatusCodes.Status404NotFound,
            title: "Unknown alert"
        );
}
