using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Platform.ServiceDefaults;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// What every service of the platform gets, the same in each. It reads as Aspire's own template; what this platform adds is a line here and
/// a file beside it.
/// </summary>
public static class Extensions
{
    /// <summary>Largest request body that a service reads, in bytes; anything longer is answered with 413.</summary>
    public const int MaxRequestBodyBytes = 1024 * 1024;

    /// <summary>
    /// The SDK counts what it processed and what it lost: error.type is "queue_full" when telemetry's receiver was away for too long.
    /// </summary>
    private const string SdkMeter = "otel.sdk.experimental";

    /// <summary>Call first in Program.cs, before anything that emits telemetry is registered.</summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.ConfigureOpenTelemetry();
        builder.AddDefaultHealthChecks();
        builder.AddDefaultLogging();
        builder.AddErrorReporting();
        builder.AddDefaultProblemDetails();
        builder.Services.AddServiceDiscovery();

        // No resilience handler for all clients, as the template has it: who calls decides what is tried again, and one layer does.
        builder.Services.ConfigureHttpClientDefaults(http => http.AddServiceDiscovery());

        builder.Services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBodyBytes;
        });

        // Shorter than the 6 s after which the AppHost kills a process that was asked to stop.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        return builder;
    }

    /// <summary>Traces, metrics and logs, to OTEL_EXPORTER_OTLP_ENDPOINT if that is set.</summary>
    public static TBuilder ConfigureOpenTelemetry<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        var identity = ServiceIdentity.AddTo(builder);

        // .NET itself carries traceparent and baggage. OpenTelemetry's own propagator would do it a second time, from a baggage of its own
        // that keeps what the gateway has dropped.
        Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator());

        // The sampler is the SDK's own reading of OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG, nothing else.
        var telemetry = builder
            .Services.AddOpenTelemetry()
            .ConfigureResource(identity.Describe)
            .WithTracing(tracing =>
                tracing
                    .AddSource($"{TelemetrySources.Own}*")
                    .AddAspNetCoreInstrumentation(ServerSpans.Configure)
                    .AddHttpClientInstrumentation(http => http.FilterHttpRequestMessage = request => !ErrorReporting.IsReport(request))
                    .AddInstrumentation(() => ExceptionTexts.Redact(TelemetrySources.Contains))
                    .AddProcessor(new SpanProcessor(PeerNames.From(builder.Configuration)))
            )
            .WithMetrics(metrics =>
                metrics
                    .AddAspNetCoreInstrumentation()
                    .AddHttpClientInstrumentation()
                    .AddRuntimeInstrumentation()
                    .AddMeter($"{TelemetrySources.Own}*", SdkMeter)
                    .SetExemplarFilter(ExemplarFilterType.TraceBased)
            )
            .WithLogging(logging => logging.AddProcessor(new LogProcessor()), options => options.IncludeFormattedMessage = true);
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TelemetryShutdown>());

        // What the time-out of the AppHost (OTEL_EXPORTER_OTLP_TIMEOUT, ten minutes) means, as TelemetryOutageTests shows. It is the
        // limit of one batch, of all tries together and so of a single call that hangs. While the receiver is frozen, one batch of each
        // signal hangs; what comes then waits in a queue of 2,048 spans and one of 2,048 log records, what finds it full is lost and
        // counted (queue_full), and all that waits is sent when the receiver goes on. A batch that the limit ends is lost and nobody
        // counts it, 512 items at most: hence a limit that is longer than any outage that passes, and not the default of ten seconds.
        // Metrics have no queue; they are running totals, so that the next report makes up for one that is lost.
        // One loss it does not prevent: over gRPC a batch whose receiver dies before it answers is not tried again, nor counted. Over
        // HTTP it is; a receiver that cannot be reached is tried again over both.
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 })
        {
            telemetry.UseOtlpExporter();
        }

        return builder;
    }

    /// <summary>Health checks of the service's own dependencies are added by who adds the dependency.</summary>
    public static TBuilder AddDefaultHealthChecks<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddHealthChecks();
        builder.Services.AddHostedService<DependencyLog>();
        return builder;
    }

    /// <summary>
    /// Call first after Build: failures of everything that follows become problem details, and /alive and /health answer on the
    /// management port only.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.UseDefaultProblemDetails();
        app.UseManagementPort();
        app.MapHealth();
        return app;
    }
}
