using Google.Protobuf;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Tests;

/// <summary>Makes the telemetry of the tests.</summary>
internal static class Telemetry
{
    public const string Trace = "5b8efff798038103d269b633813fc60c";
    public const ulong Start = 1_795_000_000_000_000_000;
    private const ulong Millisecond = 1_000_000;

    public static Span Span(ulong id, ulong parent = 0, string name = "GET /things", string trace = Trace, bool failed = false) =>
        new()
        {
            TraceId = ByteString.CopyFrom(Convert.FromHexString(trace)),
            SpanId = Id(id),
            ParentSpanId = parent == 0 ? ByteString.Empty : Id(parent),
            Name = name,
            Kind = Otlp.Span.Types.SpanKind.Server,
            StartTimeUnixNano = Start + (id % 1_000_000 * Millisecond),
            EndTimeUnixNano = Start + ((id % 1_000_000) + 5) * Millisecond,
            Status = failed ? new Status { Code = Status.Types.StatusCode.Error, Message = "it broke" } : null,
        };

    public static LogRecord Log(string body, int severity = 9, string trace = Trace, ulong span = 1) =>
        new()
        {
            TraceId = ByteString.CopyFrom(Convert.FromHexString(trace)),
            SpanId = Id(span),
            TimeUnixNano = Start,
            SeverityNumber = severity,
            SeverityText = "Information",
            Body = new AnyValue { StringValue = body },
        };

    public static KeyValue Attribute(string key, string value) =>
        new()
        {
            Key = key,
            Value = new AnyValue { StringValue = value },
        };

    public static ExportTraceServiceRequest Request(string service, params Span[] spans) =>
        new()
        {
            ResourceSpans =
            {
                new ResourceSpans
                {
                    Resource = new Resource
                    {
                        Attributes = { Attribute("service.name", service), Attribute("service.instance.id", service + "-1") },
                    },
                    ScopeSpans =
                    {
                        new ScopeSpans
                        {
                            Scope = new InstrumentationScope { Name = "Platform.Tests", Version = "1.0" },
                            Spans = { spans },
                        },
                    },
                },
            },
        };

    public static ExportLogsServiceRequest Request(string service, params LogRecord[] logs) =>
        new()
        {
            ResourceLogs =
            {
                new ResourceLogs
                {
                    Resource = new Resource { Attributes = { Attribute("service.name", service) } },
                    ScopeLogs =
                    {
                        new ScopeLogs
                        {
                            Scope = new InstrumentationScope { Name = "Platform.Tests" },
                            LogRecords = { logs },
                        },
                    },
                },
            },
        };

    public static ExportMetricsServiceRequest Metrics(string service, int points)
    {
        var metric = new Metric { Name = "requests", Sum = new Sum() };
        metric.Sum.DataPoints.AddRange(Enumerable.Range(0, points).Select(_ => new NumberDataPoint()));
        return new ExportMetricsServiceRequest
        {
            ResourceMetrics =
            {
                new ResourceMetrics
                {
                    Resource = new Resource { Attributes = { Attribute("service.name", service) } },
                    ScopeMetrics = { new ScopeMetrics { Metrics = { metric } } },
                },
            },
        };
    }

    /// <summary>A span with something in every field, so that a cut can fall into each of them.</summary>
    public static Span FullSpan()
    {
        var span = Span(7, parent: 3, name: "charge_card ✓", failed: true);
        span.TraceState = "a=1";
        span.Flags = 257;
        span.Attributes.Add(Attribute("tenant.id", "nordwind"));
        span.Attributes.Add(
            new KeyValue
            {
                Key = "int",
                Value = new AnyValue { IntValue = -3 },
            }
        );
        span.Attributes.Add(
            new KeyValue
            {
                Key = "double",
                Value = new AnyValue { DoubleValue = 1.5 },
            }
        );
        span.Attributes.Add(
            new KeyValue
            {
                Key = "bool",
                Value = new AnyValue { BoolValue = true },
            }
        );
        span.Attributes.Add(
            new KeyValue
            {
                Key = "bytes",
                Value = new AnyValue { BytesValue = ByteString.CopyFrom(1, 2, 3) },
            }
        );
        span.Attributes.Add(
            new KeyValue
            {
                Key = "nested",
                Value = new AnyValue
                {
                    ArrayValue = new ArrayValue
                    {
                        Values = { new AnyValue { KvlistValue = new KeyValueList { Values = { Attribute("k", "v") } } } },
                    },
                },
            }
        );
        span.Events.Add(
            new Span.Types.Event
            {
                Name = "exception",
                TimeUnixNano = Start,
                Attributes = { Attribute("exception.type", "TimeoutException") },
            }
        );
        span.Links.Add(
            new Span.Types.Link
            {
                TraceId = span.TraceId,
                SpanId = Id(9),
                TraceState = "b=2",
            }
        );
        return span;
    }

    public static ByteString Id(ulong id)
    {
        var bytes = new byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, id);
        return ByteString.CopyFrom(bytes);
    }
}
