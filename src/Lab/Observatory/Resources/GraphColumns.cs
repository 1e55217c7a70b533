namespace Platform.Observatory.Resources;

/// <summary>A column for each node: one further right than the last of those that use it. Where uses go round in a circle, one is not counted.</summary>
internal static class GraphColumns
{
    public static IReadOnlyDictionary<string, int> Of(IReadOnlyList<string> names, IReadOnlyList<GraphEdge> edges)
    {
        var known = names.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var targets = edges.Where(edge => known.Contains(edge.From) && known.Contains(edge.To)).ToLookup(edge => edge.From, edge => edge.To, StringComparer.OrdinalIgnoreCase);
        var used = edges.Select(edge => edge.To).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var order = Finished([.. names.OrderBy(name => used.Contains(name))], targets);
        var columns = names.ToDictionary(name => name, _ => 0, StringComparer.OrdinalIgnoreCase);
        var places = order.Select((name, place) => (name, place)).ToDictionary(pair => pair.name, pair => pair.place, StringComparer.OrdinalIgnoreCase);

        // The reverse of the order in which a depth-first walk leaves them has every user before what it uses, circles apart.
        for (var place = order.Count - 1; place >= 0; place--)
        {
            foreach (var target in targets[order[place]].Where(target => places[target] < place))
            {
                columns[target] = Math.Max(columns[target], columns[order[place]] + 1);
            }
        }

        return columns;
    }

    private static List<string> Finished(IReadOnlyList<string> names, ILookup<string, string> targets)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var finished = new List<string>();
        var open = new Stack<(string Name, bool IsLeaving)>();

        foreach (var name in names)
        {
            open.Push((name, false));

            while (open.TryPop(out var next))
            {
                if (next.IsLeaving)
                {
                    finished.Add(next.Name);
                }
                else if (seen.Add(next.Name))
                {
                    open.Push((next.Name, true));

                    foreach (var target in targets[next.Name].Where(target => !seen.Contains(target)))
                    {
                        open.Push((target, false));
                    }
                }
            }
        }

        return finished;
    }
}
