using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Resources;

/// <summary>One resource of the model with its instances: replicas share the name that people use.</summary>
internal sealed record ResourceGroup(string Name, IReadOnlyList<ResourceInstance> Instances)
{
    public string Type => Instances[0].Resource.ResourceType;

    /// <summary>A value that others are given: nothing that runs.</summary>
    public bool IsValue => Type is "Parameter";

    /// <summary>The one that needs somebody most.</summary>
    public ResourceInstance Worst => Instances.MinBy(instance => instance.Status.Rank)!;

    public static IReadOnlyList<ResourceGroup> Of(BoardState board, bool withHidden) =>
    [
        .. board.Resources
            .Where(resource => withHidden || !resource.IsHidden)
            .Select(resource => new ResourceInstance(resource, ResourceStatus.Of(resource, board.Stopped.Contains(resource.Name))))
            .GroupBy(instance => instance.DisplayName, StringComparer.OrdinalIgnoreCase)
            .Select(group => new ResourceGroup(group.Key, [.. group.OrderBy(instance => instance.Resource.Name, StringComparer.Ordinal)])),
    ];

    /// <summary>By the name of an instance, or by the name that its replicas share: then the one that needs somebody most.</summary>
    public static (ResourceGroup Group, ResourceInstance Instance)? Find(BoardState board, string name)
    {
        var groups = Of(board, withHidden: true);

        foreach (var group in groups)
        {
            if (group.Instances.FirstOrDefault(instance => instance.Resource.Name == name) is { } exact)
            {
                return (group, exact);
            }
        }

        return groups.FirstOrDefault(group => string.Equals(group.Name, name, StringComparison.OrdinalIgnoreCase)) is { } found ? (found, found.Worst) : null;
    }
}

internal sealed record ResourceInstance(Resource Resource, ResourceStatus Status)
{
    public string DisplayName => Resource.DisplayName.Length > 0 ? Resource.DisplayName : Resource.Name;

    public string Href => "/resources/" + Uri.EscapeDataString(Resource.Name);
}
