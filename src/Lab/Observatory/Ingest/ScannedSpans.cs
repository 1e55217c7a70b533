using Platform.Observatory.Otlp;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Ingest;

/// <summary>A scanned request.</summary>
internal sealed class ScannedSpans
{
    public List<ScannedGroup> Groups { get; } = [];
}

internal sealed class ScannedGroup
{
    public Resource? Resource { get; set; }

    public string SchemaUrl { get; set; } = "";

    public List<ScannedScope> Scopes { get; } = [];
}

internal sealed class ScannedScope
{
    public InstrumentationScope? Scope { get; set; }

    public string SchemaUrl { get; set; } = "";

    public List<ScannedSpan> Spans { get; } = [];
}

internal struct ScannedSpan
{
    /// <summary>Null for a plain span, which is in the other fields.</summary>
    public Span? Parsed { get; init; }

    public byte[] Payload { get; set; }

    public UInt128 TraceId { get; set; }

    public ulong SpanId { get; set; }

    public ulong ParentId { get; set; }

    public string Name { get; set; }

    public Span.Types.SpanKind Kind { get; set; }

    public ulong Start { get; set; }

    public ulong End { get; set; }

    public bool Failed { get; set; }

    public ulong IdBits { get; set; }

    public readonly StoredSpan ToStored(Origin origin, DateTimeOffset arrived) =>
        new()
        {
            ArrivedSeconds = UnixTime.SecondsOf(arrived),
            TraceId = TraceId,
            SpanId = SpanId,
            ParentId = ParentId,
            Name = Name,
            Kind = Kind,
            Start = Start,
            End = Math.Max(Start, End),
            IdBits = IdBits,
            Failed = Failed,
            Origin = origin,
            Payload = Payload,
        };
}
