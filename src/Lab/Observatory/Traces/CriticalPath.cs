using Platform.Observatory.Store;

namespace Platform.Observatory.Traces;

/// <summary>
/// What the end of a trace waited for, walking back: in each span the child that ended last, before it the one that ended last before that
/// started, and so on; time that no child covers is the span's own. A span that started after its parent ended, or outlived it, is treated
/// as its sibling. Idle time is on the path too. No recursion, since a trace can be as deep as the store is large.
/// </summary>
internal sealed class CriticalPath
{
    private readonly Dictionary<ulong, List<(ulong Start, ulong End)>> _segments = [];
    private readonly List<(ulong Start, ulong End)> _waits = [];
    private readonly Stack<(StoredSpan Span, ulong Until)> _open = new();

    public CriticalPath(IReadOnlyList<TreeNode> nodes)
    {
        if (nodes.Count == 0)
        {
            return;
        }

        var children = nodes.Where(node => node.Parent is not null).ToLookup(node => node.Parent!.SpanId, node => node.Span);
        var beside = nodes.Where(node => node.Parent is null || node.Span.End > node.Parent.End).Select(node => node.Span);
        Walk(nodes.Min(node => node.Span.Start), nodes.Max(node => node.Span.End), beside, _waits);

        while (_open.TryPop(out var next))
        {
            if (!_segments.TryGetValue(next.Span.SpanId, out var own))
            {
                _segments.Add(next.Span.SpanId, own = []);
            }

            Walk(next.Span.Start, next.Until, children[next.Span.SpanId].Where(child => child.End <= next.Span.End), own);
        }
    }

    /// <summary>Where nothing ran.</summary>
    public IReadOnlyList<(ulong Start, ulong End)> Waits => _waits;

    public IReadOnlyList<(ulong Start, ulong End)> Of(StoredSpan span) => _segments.TryGetValue(span.SpanId, out var own) ? own : [];

    private void Walk(ulong start, ulong end, IEnumerable<StoredSpan> inside, List<(ulong Start, ulong End)> own)
    {
        var at = end;

        foreach (var span in inside.OrderByDescending(span => span.End).ThenBy(span => span.Start))
        {
            if (span.Start >= at || at <= start)
            {
                continue;
            }

            var until = Math.Min(span.End, at);

            if (until < at)
            {
                own.Add((until, at));
            }

            _open.Push((span, until));
            at = Math.Max(span.Start, start);
        }

        if (start < at)
        {
            own.Add((start, at));
        }
    }
}
