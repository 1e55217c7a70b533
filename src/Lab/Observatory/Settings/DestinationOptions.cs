namespace Platform.Observatory.Settings;

/// <summary>One entry of <c>Observatory:Forward</c>, as it is configured.</summary>
internal sealed class DestinationOptions
{
    public const string Grpc = "grpc";
    public const string HttpProtobuf = "http/protobuf";

    /// <summary>Its name on pages, in metrics and in the log; the key of the entry when unset.</summary>
    public string? Name { get; set; }

    /// <summary>Base address; over HTTP /v1/traces, /v1/metrics and /v1/logs are added to it.</summary>
    public string? Endpoint { get; set; }

    /// <summary>As in OTEL_EXPORTER_OTLP_PROTOCOL.</summary>
    public string Protocol { get; set; } = Grpc;

    /// <summary>As in OTEL_EXPORTER_OTLP_HEADERS: <c>x-otlp-api-key=abc,x-team=shop</c>, values percent-encoded if need be.</summary>
    public string? Headers { get; set; }

    /// <summary>As in OTEL_EXPORTER_OTLP_COMPRESSION: gzip, or none for a destination on this machine.</summary>
    public string Compression { get; set; } = "gzip";

    /// <summary>
    /// For a destination that is slow or shares the CPU: beyond it whole traces are sampled out. Unset: as many as it accepts.
    /// </summary>
    public int? MaxSpansPerSecond { get; set; }
}
