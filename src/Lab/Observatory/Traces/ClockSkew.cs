namespace Platform.Observatory.Traces;

/// <summary>Spans whose time cannot be right by the clock of another. They are marked and stay where their sender put them.</summary>
internal static class ClockSkew
{
    // Clocks of one machine differ by less; those that are kept in step over a network by a few milliseconds.
    private const ulong ToleratedNanos = 5_000_000;

    /// <summary>True for a span that arrived before it began, or began before its caller in another process did.</summary>
    public static bool Is(TreeNode node) =>
        node.Span.IsAhead
        || (
            node.Parent is { } parent
            && (parent.Origin.Service, parent.Origin.Resource.Instance) != (node.Span.Origin.Service, node.Span.Origin.Resource.Instance)
            && parent.Start > ToleratedNanos
            && node.Span.Start < parent.Start - ToleratedNanos
        );
}
