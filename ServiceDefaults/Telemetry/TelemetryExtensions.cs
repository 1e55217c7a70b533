using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Platform.ServiceDefaults.Errors;
using Platform.ServiceDefaults.Logging;

namespace Platform.ServiceDefaults.Telemetry;

internal static class TelemetryExtensions
{
    private const string OwnSources = "Platform.";

    /// <summary>
    /// The SDK counts what it processed and what it lost: error.type is "queue_full" when telemetry's receiver was away for too long.
    /// </summary>
    private const string SdkMeter = "otel.sdk.experimental";

    private static readonly string[] Sources = ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql"];

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var identity = ServiceIdentity.From(builder);
        builder.Services.AddSingleton(identity);
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TelemetryShutdown>());

        // .NET itself carries traceparent and baggage. OpenTelemetry's own propagator would do it a second time, from a baggage of its own
        // that keeps what the gateway has dropped.
        Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator());

        // The sampler is the SDK's own reading of OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG, nothing else.
        var telemetry = builder
            .Services.AddOpenTelemetry()
            .ConfigureResource(identity.Describe)
            .WithTracing(tracing =>
                tracing
                    .AddSource($"{OwnSources}*")
                    .AddAspNetCoreInstrumentation(ServerSpans.Configure)
                    .AddHttpClientInstrumentation(http => http.FilterHttpRequestMessage = request => !ErrorReporting.IsReport(request))
                    .AddInstrumentation(() =>
                        ExceptionTexts.Scrub(name => Sources.Contains(name) || name.StartsWith(OwnSources, StringComparison.Ordinal))
                    )
                    .AddProcessor(new SpanProcessor(PeerNames.From(builder.Configuration)))
            )
            .WithMetrics(metrics =>
                metrics
                    .AddAspNetCoreInstrumentation()
                    .AddHttpClientInstrumentation()
                    .AddRuntimeInstrumentation()
                    .AddMeter($"{OwnSources}*", SdkMeter)
                    .SetExemplarFilter(ExemplarFilterType.TraceBased)
            )
            .WithLogging(logging => logging.AddProcessor(new LogProcessor()), options => options.IncludeFormattedMessage = true);

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

        builder.AddPlatformLogging(identity);
        builder.AddErrorReporting(identity);
    }
}
