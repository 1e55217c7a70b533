using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpenTelemetry.Metrics;

namespace Platform.ServiceDefaults;

/// <summary>/metrics on the management port, for a scraper with the bearer token: metrics say how much a shop sells.</summary>
internal static class MetricsEndpoint
{
    private const string TokenKey = "Metrics:Token";

    /// <summary>
    /// Prometheus text, or OpenMetrics with exemplars for who accepts it. Names as Prometheus 2.x knows them: http.server.request.duration
    /// is http_server_request_duration_seconds. Beside OTLP, which has the same figures.
    /// </summary>
    public static MeterProviderBuilder AddMetricsEndpoint(this MeterProviderBuilder metrics) =>
        metrics.AddPrometheusExporter(exporter =>
        {
            // One label less on each series: no two meters have an instrument of one name.
            exporter.ScopeInfoEnabled = false;
        });

    public static void MapMetrics(this WebApplication app)
    {
        var token = app.Configuration[TokenKey] is { Length: > 0 } configured ? Encoding.UTF8.GetBytes(configured) : null;
        app.MapPrometheusScrapingEndpoint("/metrics")
            .OnManagementPort()
            .AsProbe()
            .Add(endpoint =>
            {
                var scrape = endpoint.RequestDelegate!;
                endpoint.RequestDelegate = context => MayScrape(context.Request, token) ? scrape(context) : RefuseAsync(context);
            });
    }

    // Without a configured token nobody may.
    private static bool MayScrape(HttpRequest request, byte[]? token) =>
        token is not null
        && AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var given)
        && given.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given.Parameter ?? ""), token);

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return TypedResults
            .Problem($"Send the token configured as {TokenKey} as Authorization: Bearer.", statusCode: StatusCodes.Status401Unauthorized)
            .ExecuteAsync(context);
    }
}
