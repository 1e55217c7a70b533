using Platform.Observatory.Store;

namespace Platform.Observatory.Traces;

internal sealed record TreeNode(StoredSpan Span, StoredSpan? Parent, int Depth);

/// <summary>
/// The spans of a trace in the order of a waterfall. Input is untrusted: a span with a missing parent is a root, and a cycle of parents is
/// broken at its earliest span. No recursion, since a trace can be as deep as the store is large.
/// </summary>
internal sealed class SpanTree
{
    private readonly Dictionary<ulong, StoredSpan> _bySpanId;
    private readonly Dictionary<ulong, List<StoredSpan>> _children = [];
    private readonly HashSet<ulong> _visited = [];
    private readonly List<TreeNode> _nodes = [];

    public SpanTree(IReadOnlyList<StoredSpan> spans)
    {
        _bySpanId = spans.ToDictionary(span => span.SpanId);
        var roots = new List<StoredSpan>();

        foreach (var span in spans.OrderBy(span => span.Start).ThenBy(span => span.SpanId))
        {
            if (!_bySpanId.ContainsKey(span.ParentId))
            {
                roots.Add(span);
                Orphans += span.ParentId != 0 ? 1 : 0;
            }
            else if (_children.TryGetValue(span.ParentId, out var siblings))
            {
                siblings.Add(span);
            }
            else
            {
                _children.Add(span.ParentId, [span]);
            }
        }

        // A true root first, whatever the clocks say.
        foreach (var root in roots.OrderBy(span => span.ParentId != 0))
        {
            Walk(root);
        }

        foreach (var span in spans.OrderBy(span => span.Start).Where(span => !_visited.Contains(span.SpanId)))
        {
            // The filter is lazy: spans that an earlier walk reached are skipped.
            Cycles++;
            Walk(span);
        }
    }

    public IReadOnlyList<TreeNode> Nodes => _nodes;

    /// <summary>Roots whose parent is not in the store.</summary>
    public int Orphans { get; }

    public int Cycles { get; }

    private void Walk(StoredSpan root)
    {
        var open = new Stack<(StoredSpan Span, int Depth)>();
        open.Push((root, 0));

        while (open.TryPop(out var next))
        {
            if (!_visited.Add(next.Span.SpanId))
            {
                continue;
            }

            _nodes.Add(new TreeNode(next.Span, next.Depth == 0 ? null : _bySpanId.GetValueOrDefault(next.Span.ParentId), next.Depth));

            if (_children.TryGetValue(next.Span.SpanId, out var children))
            {
                for (var index = children.Count - 1; index >= 0; index--)
                {
                    open.Push((children[index], next.Depth + 1));
                }
            }
        }
    }
}
