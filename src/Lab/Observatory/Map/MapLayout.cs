namespace Platform.Observatory.Map;

/// <summary>
/// Places the nodes in columns by their distance from where requests come in, and orders each column by its neighbours, so that the same
/// graph always looks the same.
/// </summary>
internal sealed class MapLayout
{
    public const double NodeWidth = 148;
    public const double NodeHeight = 48;
    private const double Column = 224;
    private const double Line = 76;
    private const double Margin = 16;
    private const int Passes = 4;
    private readonly Dictionary<MapNode, (double X, double Y)> _places = [];

    public MapLayout(IReadOnlyCollection<MapNode> nodes, IReadOnlyCollection<MapEdge> edges)
    {
        var columns = Columns(nodes, edges);
        var neighbours = edges
            .Select(edge => (edge.From, edge.To))
            .Concat(edges.Select(edge => (From: edge.To, To: edge.From)))
            .ToLookup(pair => pair.From, pair => pair.To);

        for (var pass = 0; pass < Passes; pass++)
        {
            foreach (var column in pass % 2 == 0 ? columns : Enumerable.Reverse(columns))
            {
                Order(column, neighbours, columns);
            }
        }

        var most = columns.Select(column => column.Count).DefaultIfEmpty().Max();
        Width = (2 * Margin) + (Math.Max(0, columns.Count - 1) * Column) + NodeWidth;
        Height = (2 * Margin) + (Math.Max(1, most) * Line);

        foreach (var (x, column) in columns.Index())
        {
            // Shorter columns are centred.
            var top = Margin + ((most - column.Count) * Line / 2);

            foreach (var (y, node) in column.Index())
            {
                _places[node] = (Margin + (x * Column), top + (y * Line));
            }
        }
    }

    public double Width { get; }

    public double Height { get; }

    /// <summary>The upper left corner.</summary>
    public (double X, double Y) Of(MapNode node) => _places[node];

    private static List<List<MapNode>> Columns(IReadOnlyCollection<MapNode> nodes, IReadOnlyCollection<MapEdge> edges)
    {
        var called = edges.Select(edge => edge.To).ToHashSet();
        var from = edges.ToLookup(edge => edge.From, edge => edge.To);
        var distance = new Dictionary<MapNode, int>();
        var sorted = nodes.OrderBy(node => node.Name, StringComparer.Ordinal).ThenBy(node => node.Kind).ToList();

        // A cycle without callers is entered at its first node by name.
        foreach (var root in sorted.Where(node => !called.Contains(node)).Concat(sorted))
        {
            var open = new Queue<MapNode>();

            if (distance.TryAdd(root, 0))
            {
                open.Enqueue(root);
            }

            while (open.TryDequeue(out var node))
            {
                foreach (
                    var next in from[node]
                        .Where(next => !distance.TryGetValue(next, out var known) || (known > distance[node] + 1 && !called.Contains(root)))
                )
                {
                    distance[next] = distance[node] + 1;
                    open.Enqueue(next);
                }
            }
        }

        return [.. sorted.GroupBy(node => distance[node]).OrderBy(column => column.Key).Select(column => column.ToList())];
    }

    // By the mean relative position of the neighbours in other columns.
    private static void Order(List<MapNode> column, ILookup<MapNode, MapNode> neighbours, List<List<MapNode>> columns)
    {
        var places = columns
            .SelectMany(other => other.Index().Select(node => (node.Item, At: (node.Index + 0.5) / other.Count)))
            .ToDictionary(place => place.Item, place => place.At);
        var sorted = column
            .OrderBy(node =>
                neighbours[node]
                    .Where(other => !column.Contains(other))
                    .Select(other => places[other])
                    .DefaultIfEmpty(places[node])
                    .Average()
            )
            .ThenBy(node => node.Name, StringComparer.Ordinal)
            .ToList();
        column.Clear();
        column.AddRange(sorted);
    }
}
