using Platform.Observatory.Alerts;

namespace Platform.Observatory.Incidents;

/// <summary>The API of incidents: GET /api/incidents, and /api/incidents/{id} of an alert that belongs to it.</summary>
internal static class IncidentApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(
            "/api/incidents",
            (IncidentStore incidents) => TypedResults.Ok(new { Incidents = incidents.All().Select(incident => Summary(incident)) })
        );
        routes.MapGet("/api/incidents/{id}", Get);
    }

    private static IResult Get(string id, IncidentStore incidents) =>
        incidents.Find(id) is { } incident
            ? TypedResults.Ok(
                new
                {
                    Incident = Summary(incident),
                    Affected = incidents.AffectedOf(incident),
                    Alerts = incident.Alerts.Select(alert => new
                    {
                        alert.Id,
                        alert.Name,
                        alert.Service,
                        alert.Severity,
                        alert.Impact,
                        alert.Summary,
                        alert.StartedAt,
                        alert.EndedAt,
                        Links = AlertLinks.Of(alert),
                    }),
                    Timeline = incidents.TimelineOf(incident),
                }
            )
            : TypedResults.Problem(
                "There is no incident with this alert: it was not critical, or it was evicted by newer ones.",
                statusCode: StatusCodes.Status404NotFound,
                title: "Unknown incident"
            );

    private static object Summary(Incident incident) =>
        new
        {
            incident.Id,
            Title = incident.Worst.Summary,
            incident.Impact,
            incident.Services,
            incident.StartedAt,
            incident.EndedAt,
            OpenedBy = incident.Opened.Name,
            FirstLook = incident.Worst.Id,
            Links = new { Self = $"/api/incidents/{incident.Id}", Page = $"/incidents/{incident.Id}" },
        };
}
