namespace Platform.Observatory.Traces;

/// <summary>Detects spans whose time contradicts another clock. They are marked, but not moved.</summary>
internal static class ClockSkew
{
    // Clocks that are synchronized over a network differ by a few milliseconds, those of one machine by less.
    private const ulong ToleratedNanos = 5_000_000;

    /// <summary>True for a span that arrived before it began, or began before its caller in another process did.</summary>
    public static bool IsSkewed(TreeNode node) =>
        node.Span.IsAhead
        || (
            node.Parent is { } parent
            && (parent.Origin.Service, parent.Origin.Resource.Instance) != (node.Span.Origin.Service, node.Span.Origin.Resource.Instance)
            && parent.Start > ToleratedNanos
            && node.Span.Start < parent.Start - ToleratedNanos
        );
}
