using Platform.Observatory.Otlp;

namespace Platform.Observatory.Store;

internal sealed class StoredSpan : TelemetryRecord
{
    public required ulong ParentId { get; init; }

    public required string Name { get; init; }

    public required Span.Types.SpanKind Kind { get; init; }

    public required ulong Start { get; init; }

    /// <summary>Never before Start: a clock that was set back must not make a negative duration.</summary>
    public required ulong End { get; init; }

    public required bool Failed { get; init; }

    public override ulong Time => Start;

    public override ulong EndTime => End;

    public override bool HasError => Failed;

    public Span Parse() => Span.Parser.ParseFrom(Payload);
}
