using System.Text.Json;
using Google.Protobuf;
using Platform.Observatory.Forward;
using Platform.Observatory.History;
using Platform.Observatory.Issues;
using Platform.Observatory.Otlp;
using Platform.Observatory.Receiving;
using Platform.Observatory.Releases;
using Platform.Observatory.Scrubbing;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Ingest;

/// <summary>The outcome for the sender: how many items were rejected, and why.</summary>
internal readonly record struct IntakeResult(long Rejected, string? Message)
{
    public ExportServiceResponse ToResponse() =>
        Rejected == 0
            ? new ExportServiceResponse()
            : new ExportServiceResponse
            {
                PartialSuccess = new() { Rejected = Rejected, ErrorMessage = Message },
            };
}

/// <summary>Handles one request: scrubs it, validates and truncates its items, and queues the valid ones.</summary>
internal sealed class Intake(
    TelemetryStore store,
    IngestQueue<StoredSpan> spans,
    IngestQueue<StoredLog> logs,
    DeployStore deploys,
    IssueStore issues,
    HistoryLog history,
    Forwarder forwarder,
    TimeProvider time
)
{
    // Two pools, since each store counts its own references.
    private readonly OriginPool _spanOrigins = new();
    private readonly OriginPool _logOrigins = new();
    private readonly StringPool _names = new();
    private readonly SpanScanner _scanner = new();

    public IntakeResult Accept(Signal signal, ArraySegment<byte> body, bool json)
    {
        var receipt = new Receipt(time.GetUtcNow(), IsReplay: false);

        switch (signal)
        {
            case Signal.Traces when !json && _scanner.Scan(body) is { } scanned:
                var scannedResult = Accept(scanned, receipt);
                Keep(Signal.Traces, receipt, scannedResult, body);
                return scannedResult;
            case Signal.Traces:
                var traces = OtlpDecoder.Traces(body, json);
                var spansChanged = OtlpScrubber.Scrub(traces.Message);
                var spansResult = Accept(traces.Message, receipt);
                Keep(Signal.Traces, receipt, spansResult, traces.Message, body, asReceived: traces.IsWhole && !spansChanged);
                return spansResult;
            case Signal.Logs:
                var records = OtlpDecoder.Logs(body, json);
                var logsChanged = OtlpScrubber.Scrub(records.Message);
                var logsResult = Accept(records.Message, receipt);
                Keep(Signal.Logs, receipt, logsResult, records.Message, body, asReceived: records.IsWhole && !logsChanged);
                return logsResult;
            default:
                var metrics = OtlpDecoder.Metrics(body, json);
                var metricsChanged = OtlpScrubber.Scrub(metrics.Message);
                var metricsResult = Accept(metrics.Message, receipt);
                Keep(Signal.Metrics, receipt, metricsResult, metrics.Message, body, asReceived: metrics.IsWhole && !metricsChanged);
                return metricsResult;
        }
    }

    /// <summary>The same for a history record.</summary>
    public void Replay(HistoryRecord record)
    {
        var body = record.Body.ToArray();
        var receipt = new Receipt(record.Time, IsReplay: true);

        if (record.Kind == RecordKind.Traces && _scanner.Scan(body) is { } scanned)
        {
            Accept(scanned, receipt);
        }
        else if (record.Kind == RecordKind.Traces)
        {
            Accept(OtlpDecoder.Traces(body, json: false).Message, receipt);
        }
        else
        {
            Accept(OtlpDecoder.Logs(body, json: false).Message, receipt);
        }
    }

    // Serializing costs as much as parsing, so the received bytes are kept when nothing had to be removed.
    private void Keep(Signal signal, Receipt receipt, IntakeResult result, IMessage message, ArraySegment<byte> body, bool asReceived)
    {
        if (history.IsOn || forwarder.IsOn)
        {
            Keep(signal, receipt, result, asReceived ? body : message.ToByteArray());
        }
    }

    private void Keep(Signal signal, Receipt receipt, IntakeResult result, ArraySegment<byte> clean)
    {
        if (signal != Signal.Metrics)
        {
            history.Offer(signal == Signal.Traces ? RecordKind.Traces : RecordKind.Logs, receipt.At, clean);
        }

        forwarder.Offer(signal, clean, hasRejected: result.Rejected > 0);
    }

    private IntakeResult Accept(ExportTraceServiceRequest request, Receipt receipt)
    {
        var batch = new Batch<StoredSpan>();

        foreach (var group in request.ResourceSpans)
        {
            ItemLimits.Apply(group.Resource);
            var resource = _spanOrigins.ResourceOf(group.Resource, ItemLimits.Cut(group.SchemaUrl, ItemLimits.MaxNameBytes));
            batch.Resources.Add(resource);

            foreach (var scope in group.ScopeSpans)
            {
                ItemLimits.Apply(scope.Scope);
                var origin = _spanOrigins.OriginOf(resource, scope.Scope, ItemLimits.Cut(scope.SchemaUrl, ItemLimits.MaxNameBytes));

                foreach (var span in scope.Spans)
                {
                    batch.Add(ToStored(span, origin, receipt.At, out var reason), reason);
                }
            }
        }

        return Enqueue(Signal.Traces, batch, spans, receipt);
    }

    private IntakeResult Accept(ScannedSpans request, Receipt receipt)
    {
        var batch = new Batch<StoredSpan>();

        foreach (var group in request.Groups)
        {
            ItemLimits.Apply(group.Resource);
            var resource = _spanOrigins.ResourceOf(group.Resource, ItemLimits.Cut(group.SchemaUrl, ItemLimits.MaxNameBytes));
            batch.Resources.Add(resource);

            foreach (var scope in group.Scopes)
            {
                ItemLimits.Apply(scope.Scope);
                var origin = _spanOrigins.OriginOf(resource, scope.Scope, ItemLimits.Cut(scope.SchemaUrl, ItemLimits.MaxNameBytes));

                foreach (var span in scope.Spans)
                {
                    string? reason = null;
                    batch.Add(
                        span.Parsed is { } parsed ? ToStored(parsed, origin, receipt.At, out reason) : span.ToStored(origin, receipt.At),
                        reason
                    );
                }
            }
        }

        return Enqueue(Signal.Traces, batch, spans, receipt);
    }

    private IntakeResult Accept(ExportLogsServiceRequest request, Receipt receipt)
    {
        var batch = new Batch<StoredLog>();

        foreach (var group in request.ResourceLogs)
        {
            ItemLimits.Apply(group.Resource);
            var resource = _logOrigins.ResourceOf(group.Resource, ItemLimits.Cut(group.SchemaUrl, ItemLimits.MaxNameBytes));
            batch.Resources.Add(resource);

            foreach (var scope in group.ScopeLogs)
            {
                ItemLimits.Apply(scope.Scope);
                var origin = _logOrigins.OriginOf(resource, scope.Scope, ItemLimits.Cut(scope.SchemaUrl, ItemLimits.MaxNameBytes));

                foreach (var log in scope.LogRecords)
                {
                    batch.Add(ToStored(log, origin, receipt.At, out var reason), reason);
                }
            }
        }

        return Enqueue(Signal.Logs, batch, logs, receipt);
    }

    /// <summary>
    /// Metrics belong to Prometheus; here they are only counted, so that a missing sender shows, and forwarded. They are not in the
    /// history.
    /// </summary>
    private IntakeResult Accept(ExportMetricsServiceRequest request, Receipt receipt)
    {
        foreach (var group in request.ResourceMetrics)
        {
            ItemLimits.Apply(group.Resource);
            var resource = new OriginResource(group.Resource ?? new Resource(), "");
            store.Resources.Observe(resource, Signal.Metrics, receipt.At);
            SdkLosses.Read(group, resource, store.Resources);
            store.Metrics.AddReceived(group.ScopeMetrics.SelectMany(scope => scope.Metrics).Sum(metric => (long)PointsOf(metric)));
        }

        return default;
    }

    private IntakeResult Enqueue<TRecord>(Signal signal, Batch<TRecord> batch, IngestQueue<TRecord> queue, Receipt receipt)
        where TRecord : TelemetryRecord
    {
        var counters = store.CountersOf(signal);

        if (receipt.IsReplay)
        {
            queue.AddNow(batch.Records);
        }
        else if (!queue.TryEnqueue(batch.Records))
        {
            counters.AddDropped(batch.Records.Count);
            throw new RefusedException(Refusal.Overloaded, "The queue is full.");
        }

        foreach (var resource in batch.Resources)
        {
            store.Resources.Observe(resource, signal, receipt.At);
            ObserveRelease(resource, receipt);
        }

        counters.AddReceived(batch.Records.Count);
        counters.AddRejected(batch.Rejected);
        return new IntakeResult(batch.Rejected, batch.Message);
    }

    // The first sighting of a release goes into the error log: spans that name it are evicted long before an issue asks which release was
    // newer.
    private void ObserveRelease(OriginResource resource, Receipt receipt)
    {
        if (resource.Version is not { } release)
        {
            return;
        }

        issues.ObserveRelease(release, receipt.At);

        if (deploys.Observe(resource.Service, release, resource.Environment, resource.Instance, receipt.At) && !receipt.IsReplay)
        {
            var seen = new Announcement(
                resource.Service,
                release,
                resource.Environment,
                resource.Instance is { } instance ? [instance] : []
            );
            history.Offer(RecordKind.ReleaseSeen, receipt.At, JsonSerializer.SerializeToUtf8Bytes(seen, JsonSerializerOptions.Web));
        }
    }

    private StoredSpan? ToStored(Span span, Origin origin, DateTimeOffset arrived, out string? reason)
    {
        reason = SpanIds.RejectionReason(span);

        if (reason is not null)
        {
            return null;
        }

        ItemLimits.Apply(span);
        var payload = StoredSpan.Pack(span);

        if (payload.Length > ItemLimits.MaxItemBytes)
        {
            reason = $"a span is larger than {ItemLimits.MaxItemBytes} bytes";
            return null;
        }

        return new StoredSpan
        {
            ArrivedSeconds = UnixTime.SecondsOf(arrived),
            TraceId = SpanIds.Trace(span.TraceId),
            SpanId = SpanIds.Span(span.SpanId),
            ParentId = SpanIds.Span(span.ParentSpanId),
            Name = _names.Get(span.Name),
            Kind = span.Kind,
            Start = span.StartTimeUnixNano,
            End = Math.Max(span.StartTimeUnixNano, span.EndTimeUnixNano),
            IdBits = RecordIds.BitsOf(span.Attributes),
            Failed = span.Status?.Code == Status.Types.StatusCode.Error,
            Origin = origin,
            Payload = payload,
        };
    }

    private static StoredLog? ToStored(LogRecord log, Origin origin, DateTimeOffset arrived, out string? reason)
    {
        reason = SpanIds.RejectionReason(log);

        if (reason is not null)
        {
            return null;
        }

        ItemLimits.Apply(log);
        var payload = log.ToByteArray();

        if (payload.Length > ItemLimits.MaxItemBytes)
        {
            reason = $"a log record is larger than {ItemLimits.MaxItemBytes} bytes";
            return null;
        }

        return new StoredLog
        {
            ArrivedSeconds = UnixTime.SecondsOf(arrived),
            TraceId = SpanIds.Trace(log.TraceId),
            SpanId = SpanIds.Span(log.SpanId),
            Timestamp = log.TimeUnixNano != 0 ? log.TimeUnixNano : log.ObservedTimeUnixNano,
            Severity = log.SeverityNumber,
            IdBits = RecordIds.BitsOf(log.Attributes),
            Origin = origin,
            Payload = payload,
        };
    }

    private static int PointsOf(Metric metric) =>
        metric.DataCase switch
        {
            Metric.DataOneofCase.Gauge => metric.Gauge.DataPoints.Count,
            Metric.DataOneofCase.Sum => metric.Sum.DataPoints.Count,
            Metric.DataOneofCase.Histogram => metric.Histogram.DataPoints.Count,
            Metric.DataOneofCase.ExponentialHistogram => metric.ExponentialHistogram.DataPoints.Count,
            Metric.DataOneofCase.Summary => metric.Summary.DataPoints.Count,
            _ => 0,
        };

    private readonly record struct Receipt(DateTimeOffset At, bool IsReplay);

    private sealed class Batch<TRecord>
    {
        public List<TRecord> Records { get; } = [];

        public HashSet<OriginResource> Resources { get; } = [];

        public long Rejected { get; private set; }

        /// <summary>The first reason stands for all.</summary>
        public string? Message { get; private set; }

        public void Add(TRecord? record, string? reason)
        {
            if (record is not null)
            {
                Records.Add(record);
                return;
            }

            Rejected++;
            Message ??= reason;
        }
    }
}
