using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry;

namespace Platform.ServiceDefaults;

/// <summary>
/// The second HTTP endpoint, "management" in the Kestrel section: health and operator endpoints. Matched by the local port of the request,
/// because the caller chooses the Host header.
/// </summary>
public static class ManagementPort
{
    private const string UrlKey = "Kestrel:Endpoints:management:Url";

    /// <summary>Serves an endpoint on the management port only.</summary>
    public static TBuilder OnManagementPort<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(ManagementOnly.Instance);

    internal static void UseManagementPort(this WebApplication app)
    {
        var port = Uri.TryCreate(app.Configuration[UrlKey], UriKind.Absolute, out var url)
            ? url.Port
            : throw new InvalidOperationException($"The service has no management endpoint: set {UrlKey}, e.g. to http://localhost:5190.");
        app.Use((context, next) => GateAsync(context, next, port));
    }

    /// <summary>Called by machines every few seconds: it and all it causes make no span and no metric.</summary>
    internal static TBuilder AsProbe<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(Probe.Instance);

    internal static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = _ => false }).OnManagementPort().AsProbe();
        app.MapHealthChecks("/health", new HealthCheckOptions { ResponseWriter = WriteAsync }).OnManagementPort().AsProbe();
    }

    private static async Task GateAsync(HttpContext context, RequestDelegate next, int port)
    {
        var onManagementPort = context.Connection.LocalPort == port;
        if (context.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<ManagementOnly>() is not null != onManagementPort)
        {
            context.SetEndpoint(null);
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        // Operator actions are recorded like any other request.
        if (!onManagementPort || (context.GetEndpoint() is { } called && called.Metadata.GetMetadata<Probe>() is null))
        {
            await next(context);
            return;
        }

        // Probes come every second and say nothing about users: they and all they cause make no span and no metric.
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is { } activity)
        {
            activity.IsAllDataRequested = false;
            activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }

        if (context.Features.Get<IHttpMetricsTagsFeature>() is { } metrics)
        {
            metrics.MetricsDisabled = true;
        }

        using var quiet = SuppressInstrumentationScope.Begin();
        await next(context);
    }

    /// <summary>Names and states only: descriptions and exceptions may contain hosts and users.</summary>
    private static Task WriteAsync(HttpContext context, HealthReport report) =>
        context.Response.WriteAsJsonAsync(
            new
            {
                status = report.Status.ToString(),
                checks = report.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Status.ToString()),
            }
        );

    private sealed class ManagementOnly
    {
        public static readonly ManagementOnly Instance = new();
    }

    private sealed class Probe
    {
        public static readonly Probe Instance = new();
    }
}
