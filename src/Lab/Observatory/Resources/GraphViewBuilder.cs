namespace Platform.Observatory.Resources;

internal static class GraphViewBuilder
{
    /// <summary>Without parameters, which would be most of the lines; the page of a resource has them.</summary>
    public static GraphView Build(IReadOnlyList<ResourceGroup> groups)
    {
        var graph = ResourceGraph.Of([.. ResourceTree.Rows(groups).Select(row => row.Group).Where(group => !group.IsValue)]);
        var places = graph.Nodes.ToDictionary(node => node.Group.Name, StringComparer.OrdinalIgnoreCase);
        return new GraphView(
            graph.Width, graph.Height, ResourceGraph.NodeWidth, ResourceGraph.NodeHeight, [.. graph.Nodes.Select(Node)],
            [.. graph.Edges.Select(edge => new GraphEdgeView(edge.From, Href(edge.From), edge.Text, edge.To, Href(edge.To), edge.Class, Path(edge, places)))], graph.LeftOut);
    }

    private static GraphNodeView Node(GraphNode node)
    {
        var (group, worst) = (node.Group, node.Group.Worst);
        var look = ViewParts.Look(group.Name, group.Type);
        var detail = worst.Status.IsTrouble && worst.Status.Health.Length > 0 ? worst.Status.Health : worst.Status.State.ToLowerInvariant();
        return new GraphNodeView(
            group.Name, look, look switch { "server" => "n srv", "outside" => "n out", _ => "n" },
            Cut(detail + (group.Instances.Count > 1 ? FormattableString.Invariant($", {group.Instances.Count} instances") : "")), worst.Status.Rank <= 1 ? "s bad" : "s", Href(group.Name),
            node.X, node.Y);
    }

    // From the right edge of who uses to the left edge of what is used; a use that points back leaves and arrives below.
    private static string Path(GraphEdge edge, Dictionary<string, GraphNode> places)
    {
        if (!places.TryGetValue(edge.From, out var from) || !places.TryGetValue(edge.To, out var to))
        {
            return "";
        }

        const int Middle = ResourceGraph.NodeHeight / 2;

        if (to.X > from.X)
        {
            var (x1, y1, x2, y2) = (from.X + ResourceGraph.NodeWidth, from.Y + Middle, to.X - 5, to.Y + Middle);
            var bend = (x2 - x1) / 2;
            return FormattableString.Invariant($"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}");
        }

        var (startX, startY, endX, endY) = (from.X + 20, from.Y + ResourceGraph.NodeHeight, to.X + ResourceGraph.NodeWidth - 20, to.Y + ResourceGraph.NodeHeight + 5);
        var low = Math.Max(startY, endY) + 24;
        return FormattableString.Invariant($"M{startX} {startY}C{startX} {low} {endX} {low} {endX} {endY}");
    }

    private static string Href(string name) => "/resources/" + Uri.EscapeDataString(name);

    private static string Cut(string text) => text.Length > 26 ? text[..25] + "\u2026" : text;
}
