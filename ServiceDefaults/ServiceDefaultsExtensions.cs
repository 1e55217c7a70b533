using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Platform.ServiceDefaults.Management;
using Platform.ServiceDefaults.Problems;
using Platform.ServiceDefaults.Telemetry;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every service of the platform gets: telemetry, problem details, health and limits, the same in each.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>Largest request body that a service reads, in bytes; anything longer is answered with 413.</summary>
    public const int MaxRequestBodyBytes = 1024 * 1024;

    /// <summary>Call first in Program.cs, before anything that emits telemetry is registered.</summary>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder)
    {
        builder.AddTelemetry();
        builder.AddProblems();
        builder.AddManagementPort();
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http => http.AddServiceDiscovery());

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBodyBytes;
        });

        // Shorter than the 6 s after which the AppHost kills a process that was asked to stop.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        return builder;
    }

    /// <summary>
    /// Call first after Build: failures of everything that follows become problem details, and /alive and /health answer on the
    /// management port only.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.UseProblems();
        app.MapHealth();
        return app;
    }
}
