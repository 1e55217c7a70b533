using Platform.Observatory.Otlp;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Traces;

/// <summary>Own time of a span, which no child covers, and for a call the wait until the other side started.</summary>
internal sealed class SpanTimes(IReadOnlyList<TreeNode> nodes)
{
    private const double NotableShare = 0.05;
    private const double NotableNanos = 1e6;
    private readonly ILookup<ulong, StoredSpan> _children = nodes
        .Where(node => node.Parent is not null)
        .ToLookup(node => node.Parent!.SpanId, node => node.Span);

    public IReadOnlyList<(ulong Start, ulong End)> Self(StoredSpan span)
    {
        var wait = Wait(span);
        return
        [
            .. Intervals.Without(
                (span.Start, span.End),
                _children[span.SpanId].Select(child => (child.Start, child.End)).Concat(wait is { } waits ? [waits] : [])
            ),
        ];
    }

    public double SelfNanos(StoredSpan span) => Self(span).Sum(part => (double)(part.End - part.Start));

    /// <summary>From the call to the start of its first server span: the network, and the queue for a connection.</summary>
    public (ulong Start, ulong End)? Wait(StoredSpan span)
    {
        if (span.Kind != Span.Types.SpanKind.Client)
        {
            return null;
        }

        var began = _children[span.SpanId]
            .Where(child => child.Kind == Span.Types.SpanKind.Server)
            .Select(child => child.Start)
            .DefaultIfEmpty()
            .Min();
        var length = began > span.Start && began <= span.End ? began - span.Start : 0;
        return length >= NotableNanos && length >= (span.End - span.Start) * NotableShare ? (span.Start, began) : null;
    }

    public IEnumerable<StoredSpan> Children(StoredSpan span) => _children[span.SpanId];
}
