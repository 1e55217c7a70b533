using Platform.Observatory.Store;

namespace Platform.Observatory.Traces;

/// <summary>A trace as lists and charts need it; from the fields of its spans, none of which is parsed.</summary>
internal sealed class TraceSummary
{
    public TraceSummary(List<StoredSpan> spans)
    {
        Spans = spans;
        var ids = spans.Count == 1 ? null : spans.Select(span => span.SpanId).ToHashSet();
        Root = spans[0];
        var hasRoot = false;

        foreach (var span in spans)
        {
            Start = Math.Min(Start, span.Start);
            End = Math.Max(End, span.End);
            Errors += span.Failed ? 1 : 0;

            // A true root before one with a missing parent, then the earlier one.
            if (ids is null || !ids.Contains(span.ParentId))
            {
                Root = !hasRoot || (span.ParentId != 0, span.Start).CompareTo((Root.ParentId != 0, Root.Start)) < 0 ? span : Root;
                hasRoot = true;
            }
        }

        Name = NameOf();
    }

    public List<StoredSpan> Spans { get; }

    public StoredSpan Root { get; }

    /// <summary>Of the root, or of its callee when the root is only the client side of a call.</summary>
    public string Name { get; }

    public ulong Start { get; } = ulong.MaxValue;

    public ulong End { get; }

    public int Errors { get; }

    public ulong Duration => End - Start;

    /// <summary>The service in which most time passed that no child of a span accounts for.</summary>
    public string Busiest()
    {
        var inChildren = new Dictionary<ulong, ulong>();

        foreach (var span in Spans)
        {
            inChildren[span.ParentId] = inChildren.GetValueOrDefault(span.ParentId) + (span.End - span.Start);
        }

        return Spans
            .MaxBy(span => (span.End - span.Start) - Math.Min(span.End - span.Start, inChildren.GetValueOrDefault(span.SpanId)))!
            .Origin.Service;
    }

    private string NameOf() =>
        Root.Kind == Otlp.Span.Types.SpanKind.Client
        && Spans.Find(span => span.ParentId == Root.SpanId && span.Kind == Otlp.Span.Types.SpanKind.Server) is { } called
            ? called.Name
            : Root.Name;
}
