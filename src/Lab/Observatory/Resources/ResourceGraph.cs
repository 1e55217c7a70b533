namespace Platform.Observatory.Resources;

/// <summary>Who refers to whom, waits for whom, belongs to whom; laid out in columns, users on the left of what they use.</summary>
internal sealed class ResourceGraph
{
    public const int NodeWidth = 146;
    public const int NodeHeight = 40;
    private const int ColumnStep = 206;
    private const int RowStep = 58;
    private const int Margin = 12;

    // A drawing of more would say nothing; the table below it has them all.
    private const int MaxNodes = 200;

    private ResourceGraph(IReadOnlyList<GraphNode> nodes, IReadOnlyList<GraphEdge> edges, int leftOut)
    {
        (Nodes, Edges, LeftOut) = (nodes, edges, leftOut);
        Width = nodes.Count == 0 ? 0 : nodes.Max(node => node.X) + NodeWidth + Margin;
        Height = nodes.Count == 0 ? 0 : nodes.Max(node => node.Y) + NodeHeight + Margin;
    }

    public IReadOnlyList<GraphNode> Nodes { get; }

    public IReadOnlyList<GraphEdge> Edges { get; }

    public int LeftOut { get; }

    public int Width { get; }

    public int Height { get; }

    public static ResourceGraph Of(IReadOnlyList<ResourceGroup> groups)
    {
        var edges = EdgesOf(groups);
        var drawn = groups.Take(MaxNodes).ToList();
        return new ResourceGraph(Place(drawn, edges), edges, groups.Count - drawn.Count);
    }

    public static IReadOnlyList<GraphEdge> EdgesOf(IReadOnlyList<ResourceGroup> groups)
    {
        var index = new GroupIndex(groups);
        return
        [
            .. groups
                .SelectMany(from => from.Instances
                    .SelectMany(instance => instance.Resource.Relationships)
                    .Select(relationship => (relationship.Type, To: index.Find(relationship.ResourceName)))
                    .Where(edge => edge.To is not null && edge.To != from)
                    .Select(edge => (From: from.Name, To: edge.To!.Name, edge.Type)))
                .Distinct()
                .GroupBy(edge => (edge.From, edge.To))
                .Select(pair => new GraphEdge(pair.Key.From, pair.Key.To, [.. pair.Select(edge => edge.Type).Order(StringComparer.Ordinal)])),
        ];
    }

    private static List<GraphNode> Place(List<ResourceGroup> groups, IReadOnlyList<GraphEdge> edges)
    {
        var columns = GraphColumns.Of([.. groups.Select(group => group.Name)], edges);
        var rows = new List<List<ResourceGroup>>();
        var places = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        var users = edges.ToLookup(edge => edge.To, edge => edge.From, StringComparer.OrdinalIgnoreCase);

        // Each stands about where its users stand, so that fewer lines cross.
        foreach (var column in columns.Values.Distinct().Order())
        {
            var row = groups.Where(group => columns[group.Name] == column)
                .OrderBy(group => users[group.Name].Where(places.ContainsKey).Select(user => places[user]).DefaultIfEmpty(groups.Count).Average()).ToList();
            row.ForEach(group => places[group.Name] = row.IndexOf(group));
            rows.Add(row);
        }

        var tallest = rows.Count == 0 ? 0 : rows.Max(row => row.Count);

        // Shorter columns stand in the middle.
        return
        [
            .. rows.SelectMany(row => row.Select((group, place) => new GraphNode(
                group,
                Margin + (columns[group.Name] * ColumnStep),
                Margin + (int)((place + ((tallest - row.Count) / 2.0)) * RowStep)))),
        ];
    }
}

internal sealed record GraphNode(ResourceGroup Group, int X, int Y);

/// <summary>From uses, waits for or belongs to To.</summary>
internal sealed record GraphEdge(string From, string To, IReadOnlyList<string> Types)
{
    public string Class => Types.Contains("Reference") ? "e" : "e async";

    public string Text => string.Join(", ", Types.Select(type => type switch
    {
        "Reference" => "refers to",
        "WaitFor" => "waits for",
        "Parent" => "belongs to",
        _ => type,
    }));

    /// <summary>The same, said of To.</summary>
    public string TextFromThere => string.Join(", ", Types.Select(type => type switch
    {
        "Reference" => "is used by",
        "WaitFor" => "is waited for by",
        "Parent" => "is the parent of",
        _ => type + " from",
    }));
}
