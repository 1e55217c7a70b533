using System.Diagnostics;

namespace Sentry.Reporting;

/// <summary>Sentry's own trace, which events belong to when no Activity gives them one.</summary>
internal sealed class PropagationContext
{
    private readonly SentryId _traceId = SentryId.Create();
    private readonly SpanId _spanId = SpanId.Create();
    private readonly SpanId? _parentSpanId;

    public PropagationContext()
    {
    }

    private PropagationContext(SentryId traceId, SpanId parentSpanId)
    {
        _traceId = traceId;
        _parentSpanId = parentSpanId;
    }

    /// <summary>Continues a header such as <c>6f1c2d0a7e7f4e4b9d0c3f5a1b2c3d4e-00f067aa0ba902b7-1</c>.</summary>
    public static PropagationContext Continue(string? header) =>
        header?.Split('-') is [{ Length: 32 } trace, { Length: 16 } span, ..]
        && Guid.TryParseExact(trace, "n", out var traceId)
        && span.All(char.IsAsciiHexDigit)
            ? new PropagationContext(traceId, new SpanId(span))
            : new PropagationContext();

    public void Apply(Protocol.Trace trace, bool fromActivity)
    {
        if (fromActivity && Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity)
        {
            trace.TraceId = SentryId.Parse(activity.TraceId.ToHexString());
            trace.SpanId = new SpanId(activity.SpanId.ToHexString());
            trace.ParentSpanId = activity.ParentSpanId == default ? null : new SpanId(activity.ParentSpanId.ToHexString());
            return;
        }

        trace.TraceId = _traceId;
        trace.SpanId = _spanId;
        trace.ParentSpanId = _parentSpanId;
    }
}
