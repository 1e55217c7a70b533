namespace Platform.Observatory.Resources;

/// <summary>Groups below their parents, trouble first; a parent stands where the worst of its children would.</summary>
internal sealed class ResourceTree
{
    private readonly Dictionary<string, ResourceGroup> _parents = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _ranks;
    private readonly ILookup<string, ResourceGroup> _children;

    private ResourceTree(IReadOnlyList<ResourceGroup> groups)
    {
        var index = new GroupIndex(groups);
        var named = groups.Select(group => (group, parent: ResourceFacts.Parent(group.Instances[0].Resource) is { } name ? index.Find(name) : null)).ToList();

        foreach (var (group, parent) in named)
        {
            if (parent is not null && !Ancestors(parent).Contains(group))
            {
                _parents.Add(group.Name, parent);
            }
        }

        _children = groups.Where(group => _parents.ContainsKey(group.Name)).ToLookup(group => _parents[group.Name].Name, StringComparer.OrdinalIgnoreCase);
        _ranks = groups.ToDictionary(group => group.Name, group => group.Worst.Status.Rank, StringComparer.OrdinalIgnoreCase);

        foreach (var group in groups)
        {
            foreach (var ancestor in Ancestors(group))
            {
                _ranks[ancestor.Name] = Math.Min(_ranks[ancestor.Name], group.Worst.Status.Rank);
            }
        }
    }

    public static IReadOnlyList<(ResourceGroup Group, int Depth)> Rows(IReadOnlyList<ResourceGroup> groups)
    {
        var tree = new ResourceTree(groups);
        var rows = new List<(ResourceGroup, int)>();

        // A stack instead of recursion: how deep a tree is, is the sender's choice.
        var open = new Stack<(ResourceGroup Group, int Depth)>(tree.Sorted(groups.Where(group => !tree._parents.ContainsKey(group.Name))).Reverse().Select(root => (root, 0)));

        while (open.TryPop(out var next))
        {
            rows.Add(next);

            foreach (var child in tree.Sorted(tree._children[next.Group.Name]).Reverse())
            {
                open.Push((child, next.Depth + 1));
            }
        }

        return rows;
    }

    /// <summary>The group itself, and upwards.</summary>
    private IEnumerable<ResourceGroup> Ancestors(ResourceGroup group)
    {
        for (var next = group; next is not null; next = _parents.GetValueOrDefault(next.Name))
        {
            yield return next;
        }
    }

    private IEnumerable<ResourceGroup> Sorted(IEnumerable<ResourceGroup> groups) =>
        groups.OrderBy(group => _ranks[group.Name]).ThenBy(group => group.IsValue).ThenBy(group => group.Name, StringComparer.OrdinalIgnoreCase);
}

/// <summary>Relationships name a resource, or one of its instances.</summary>
internal sealed class GroupIndex
{
    private readonly Dictionary<string, ResourceGroup> _groups;
    private readonly Dictionary<string, ResourceGroup> _instances = new(StringComparer.Ordinal);

    public GroupIndex(IReadOnlyList<ResourceGroup> groups)
    {
        _groups = groups.ToDictionary(group => group.Name, StringComparer.OrdinalIgnoreCase);

        foreach (var group in groups)
        {
            foreach (var instance in group.Instances)
            {
                _instances.TryAdd(instance.Resource.Name, group);
            }
        }
    }

    public ResourceGroup? Find(string name) => _groups.GetValueOrDefault(name) ?? _instances.GetValueOrDefault(name);
}
