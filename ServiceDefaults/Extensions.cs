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

/// <summary>Defaults of every service. Reads like Aspire's own template; each addition is a line here and a file beside it.</summary>
public static class Extensions
{
    /// <summary>Request body limit in bytes; a larger one gets a 413.</summary>
    public const int MaxRequestBodyBytes = 1024 * 1024;

    /// <summary>
    /// The SDK's own counts of processed and lost items: error.type is "queue_full" when the receiver was unavailable for too long.
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

        // Unlike the template, no resilience handler for all clients: each caller decides what is retried, in one layer.
        builder.Services.ConfigureHttpClientDefaults(http => http.AddServiceDiscovery());

        builder.Services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBodyBytes;
        });

        // Shorter than the 6 s after which the AppHost kills a stopping process.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        return builder;
    }

    /// <summary>Traces, metrics and logs, to OTEL_EXPORTER_OTLP_ENDPOINT if that is set.</summary>
    public static TBuilder ConfigureOpenTelemetry<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        var identity = ServiceIdentity.AddTo(builder);

        // .NET propagates traceparent and baggage. OpenTelemetry's default propagator would add a baggage of its own, which keeps what the
        // gateway dropped.
        Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator());

        // The sampler comes from OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG, read by the SDK.
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
                    .AddInstrumentation(() => new MemoryLimit())
                    .AddMeter($"{TelemetrySources.Own}*", SdkMeter)
                    .SetExemplarFilter(ExemplarFilterType.TraceBased)
                    .AddMetricsEndpoint()
            )
            .WithLogging(logging => logging.AddProcessor(new LogProcessor()), options => options.IncludeFormattedMessage = true);
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TelemetryShutdown>());

        // OTEL_EXPORTER_OTLP_TIMEOUT (ten minutes in the AppHost) limits one batch including its retries; see TelemetryOutageTests. While
        // the receiver hangs, one batch per signal is in flight, later items wait in queues of 2,048 spans and 2,048 log records, and what
        // overflows is lost and counted (queue_full). A batch that times out, at most 512 items, is lost without a count: hence a timeout
        // longer than any passing outage instead of the default ten seconds. Metrics need no queue; they are cumulative. One loss remains:
        // over gRPC a batch whose receiver dies before it responds is neither retried nor counted. Over HTTP it is retried; an unreachable
        // receiver is retried over both.
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 })
        {
            telemetry.UseOtlpExporter();
        }

        return builder;
    }

    /// <summary>Whoever adds a dependency adds its health check.</summary>
    public static TBuilder AddDefaultHealthChecks<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddHealthChecks();
        builder.Services.AddHostedService<DependencyLog>();
        return builder;
    }

    /// <summary>
    /// Call first after Build: later failures become problem details, and /alive, /health and /metrics are served on the management port
    /// only.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.UseDefaultProblemDetails();
        app.UseManagementPort();
        app.MapHealth();
        app.MapMetrics();
        return app;
    }
}
