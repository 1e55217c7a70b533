using Microsoft.AspNetCore.Http.HttpResults;
using Platform.Observatory.Access;
using Platform.Observatory.Text;

namespace Platform.Observatory.Alerts;

/// <summary>
/// Where Alertmanager posts: its webhook, version 4 (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
/// </summary>
internal static class AlertHook
{
    // A message has 50 alerts at most (max_alerts) of some kilobytes.
    private const int MaxBytes = 256 << 10;
    private const int MaxAlerts = 100;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/alerts", ReceiveAsync).RequireAuthorization(AccessServices.Alerts);

    private static async Task<Results<NoContent, ProblemHttpResult>> ReceiveAsync(HttpContext context, AlertStore store, AlertLog log)
    {
        if (await JsonBody.ReadAsync(context, MaxBytes) is not { } body || JsonRead.Text(body, "version") != "4")
        {
            return TypedResults.Problem(
                $"Expected JSON of Alertmanager's webhook, version 4, of at most {MaxBytes} bytes.",
                statusCode: StatusCodes.Status400BadRequest,
                title: "Bad alerts"
            );
        }

        // One that cannot be read is left out, and the others are kept.
        var read = JsonRead.Items(body, "alerts").Take(MaxAlerts).Select(Alert.Read).OfType<Alert>().ToList();

        store.LeftOut += JsonRead.Integer(body, "truncatedAlerts") ?? 0;

        // What Observatory told Alertmanager comes back, and is known.
        log.Write([.. read.Where(alert => !alert.IsOwn)]);
        return TypedResults.NoContent();
    }
}
