using Microsoft.Extensions.Configuration;
using OpenTelemetry.Exporter;

namespace Platform.ServiceDefaults.Telemetry;

/// <summary>One place that telemetry is sent to.</summary>
internal sealed record OtlpDestination(Uri Endpoint, OtlpExportProtocol Protocol, string? Headers)
{
    /// <summary>
    /// Of one export with its retries. The three signals are flushed one after the other when a service stops, and where telemetry is gone
    /// already that must fit into the 6 s after which a stopping process is killed.
    /// </summary>
    private const int TimeoutMilliseconds = 1_500;

    /// <summary>
    /// The address in OTEL_EXPORTER_OTLP_ENDPOINT (in Aspire: its dashboard) and Observatory's, when the AppHost references it.
    /// A set, so that a span is never sent twice to one address.
    /// </summary>
    public static IReadOnlyCollection<OtlpDestination> From(IConfiguration configuration)
    {
        var destinations = new Dictionary<Uri, OtlpDestination>();
        if (configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 } endpoint)
        {
            Add(endpoint, configuration["OTEL_EXPORTER_OTLP_PROTOCOL"] == "http/protobuf" ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc,
                configuration["OTEL_EXPORTER_OTLP_HEADERS"]);
        }

        if (configuration["services:observatory:otlp-grpc:0"] is { Length: > 0 } observatory)
        {
            Add(observatory, OtlpExportProtocol.Grpc, configuration["Observatory:OtlpApiKey"] is { Length: > 0 } key ? $"x-otlp-api-key={key}" : null);
        }

        return destinations.Values;

        void Add(string address, OtlpExportProtocol protocol, string? headers)
        {
            if (!Uri.TryCreate(address, UriKind.Absolute, out var uri))
            {
                throw new InvalidOperationException("The OTLP endpoint is not an absolute address: set OTEL_EXPORTER_OTLP_ENDPOINT to e.g. http://localhost:4317.");
            }

            destinations.TryAdd(uri, new OtlpDestination(uri, protocol, headers));
        }
    }

    /// <param name="options">The exporter's options of one signal.</param>
    /// <param name="signal">"traces", "metrics" or "logs": over HTTP the SDK appends the path only to addresses from the environment.</param>
    public void Configure(OtlpExporterOptions options, string signal)
    {
        options.Protocol = Protocol;
        options.Endpoint = Protocol == OtlpExportProtocol.Grpc ? Endpoint : new Uri($"{Endpoint.ToString().TrimEnd('/')}/v1/{signal}");
        options.Headers = Headers;
        options.TimeoutMilliseconds = TimeoutMilliseconds;
    }
}
