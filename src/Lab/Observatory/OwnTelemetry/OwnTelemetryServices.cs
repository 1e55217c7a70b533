using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Trace;
using Platform.Observatory.Envelopes;
using Platform.Observatory.Receiving;

namespace Platform.Observatory.OwnTelemetry;

/// <summary>
/// Observatory's own telemetry bypasses Observatory: warnings, errors and the requests of its pages and API go by OTLP to
/// OTEL_EXPORTER_OTLP_ENDPOINT (nowhere when that is unset), unhandled errors into its own issues. Receiving and forwarding are not
/// instrumented, since that would feed back.
/// </summary>
internal static class OwnTelemetryServices
{
    public static void AddOwnTelemetry(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<OwnErrorTransport>().AddSingleton<ILoggerProvider, OwnErrors>();

        if (string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            return;
        }

        builder.Logging.AddFilter<OpenTelemetryLoggerProvider>("", LogLevel.Warning);
        builder
            .Services.AddOpenTelemetry()
            .WithLogging(logging => logging.AddProcessor(new LogScrubber()), options => options.IncludeFormattedMessage = true)
            .WithTracing(tracing =>
                tracing.AddAspNetCoreInstrumentation(requests =>
                {
                    requests.Filter = context => Listeners.Of(context) == Listener.Http && !EnvelopeHttp.IsEnvelope(context);
                    requests.EnrichWithHttpRequest = (activity, _) => RemoveQuery(activity);
                })
            )
            .UseOtlpExporter();
    }

    // A query string may contain the login token or search terms.
    private static void RemoveQuery(Activity activity) => activity.SetTag("url.query", null);
}
