using System.ComponentModel.DataAnnotations;
using Platform.Observatory.Text;

namespace Platform.Observatory.Settings;

internal sealed class ObservatoryOptions
{
    public const string SectionName = "Observatory";

    /// <summary>
    /// Opens the pages, and through their cookie the query API. Without it, in Development or with
    /// ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS=true, they are open to requests from this machine.
    /// </summary>
    public string? BrowserToken { get; set; }

    /// <summary>Opens the query API for programs (header x-api-key, or Authorization: Bearer).</summary>
    public string? ApiKey { get; set; }

    /// <summary>Opens /metrics on the management port (Authorization: Bearer), as ApiKey does.</summary>
    public string? MetricsToken { get; set; }

    /// <summary>What Alertmanager sends with its webhook (Authorization: Bearer); unset: the API key.</summary>
    public string? AlertToken { get; set; }

    /// <summary>Where Prometheus is, for the page of alerts; unset: it shows only what Alertmanager told.</summary>
    public Uri? PrometheusUrl { get; set; }

    /// <summary>Where Alertmanager is, for silences.</summary>
    public Uri? AlertmanagerUrl { get; set; }

    /// <summary>The file of objectives (observability/objectives/objectives.yml); unset: the page has none.</summary>
    public string? ObjectivesFile { get; set; }

    /// <summary>The folder of runbooks (docs/runbooks); unset: alerts have none.</summary>
    public string? RunbookDirectory { get; set; }

    /// <summary>Required in the header x-otlp-api-key of senders; not checked when unset.</summary>
    public string? OtlpApiKey { get; set; }

    [Range(100, 10_000_000)]
    public int MaxSpans { get; set; } = 100_000;

    [Range(100, 10_000_000)]
    public int MaxLogs { get; set; } = 100_000;

    [Range(1L << 20, 1L << 40)]
    public long MaxSpanBytes { get; set; } = 256L << 20;

    [Range(1L << 20, 1L << 40)]
    public long MaxLogBytes { get; set; } = 256L << 20;

    /// <summary>Largest request body as it arrives, compressed or not.</summary>
    [Range(1024, 1 << 30)]
    public int MaxBodyBytes { get; set; } = 16 << 20;

    /// <summary>Largest request body after decompression; 64 MiB is what OTLP recommends.</summary>
    [Range(1024, 1 << 30)]
    public int MaxDecompressedBytes { get; set; } = 64 << 20;

    /// <summary>All request bodies being read at one time; senders beyond that are asked to retry.</summary>
    [Range(1L << 20, 1L << 40)]
    public long MaxBodyBytesInFlight { get; set; } = 256L << 20;

    [Range(1, 100_000)]
    public int QueuedBatches { get; set; } = 1_000;

    [Range(1L << 20, 1L << 40)]
    public long QueuedBytes { get; set; } = 128L << 20;

    [Range(1, 1_000)]
    public int MaxFollowers { get; set; } = 32;

    /// <summary>The public key of the DSN for Sentry SDKs; not checked when unset.</summary>
    public string? SentryKey { get; set; }

    /// <summary>Largest envelope as it arrives, compressed or not; 20 MiB is what SDKs expect.</summary>
    [Range(1024, 1 << 30)]
    public int MaxEnvelopeBytes { get; set; } = 20 << 20;

    /// <summary>Largest envelope after decompression.</summary>
    [Range(1024, 1 << 30)]
    public int MaxEnvelopeDecompressedBytes { get; set; } = 32 << 20;

    [Range(1024, 16 << 20)]
    public int MaxEventBytes { get; set; } = 1 << 20;

    /// <summary>Error events of all services in one minute; beyond that SDKs are asked to wait.</summary>
    [Range(1, 1_000_000)]
    public int MaxEventsPerMinute { get; set; } = 6_000;

    [Range(1, 100_000)]
    public int MaxIssues { get; set; } = 2_000;

    [Range(1, 1_000)]
    public int MaxEventsPerIssue { get; set; } = 50;

    [Range(1L << 20, 1L << 40)]
    public long MaxEventStoreBytes { get; set; } = 128L << 20;

    /// <summary>Where received batches are persisted; unset: nowhere.</summary>
    public string? DataDirectory { get; set; }

    /// <summary>Spans and logs on disk; the oldest are deleted. With HistoryErrorMaxBytes it bounds what is read at startup.</summary>
    [Range(64L << 10, 1L << 40)]
    public long HistoryMaxBytes { get; set; } = 256L << 20;

    /// <summary>
    /// Errors, their statuses, check-ins and deploys on disk, apart from spans and logs. A summary of deleted events is kept on top: a
    /// kilobyte or two for each of MaxIssues.
    /// </summary>
    [Range(64L << 10, 1L << 40)]
    public long HistoryErrorMaxBytes { get; set; } = 64L << 20;

    [Range(16L << 10, 1L << 32)]
    public long HistorySegmentBytes { get; set; } = 16L << 20;

    /// <summary>How much may wait for the disk, for each log; beyond it a batch is kept in memory only.</summary>
    [Range(1L << 20, 1L << 40)]
    public long HistoryQueuedBytes { get; set; } = 64L << 20;

    /// <summary>Destinations that telemetry is forwarded to, by name or by number.</summary>
    public Dictionary<string, DestinationOptions> Forward { get; } = [];

    /// <summary>Where error events are forwarded to; unset: nowhere.</summary>
    public string? ForwardDsn { get; set; }

    /// <summary>Where Aspire's dashboard is, for the pages to link to; unset: they do not.</summary>
    [CustomValidation(typeof(AspireDashboard), nameof(AspireDashboard.Validate))]
    public Uri? DashboardUrl { get; set; }
}
