namespace Sentry.Protocol;

/// <summary>The trace an event belongs to.</summary>
public class Trace
{
    public SentryId TraceId { get; set; }

    public SpanId SpanId { get; set; }

    public SpanId? ParentSpanId { get; set; }

    public string Operation { get; set; } = "";

    internal Trace Clone() => new() { TraceId = TraceId, SpanId = SpanId, ParentSpanId = ParentSpanId, Operation = Operation };
}
