namespace Platform.AppHost;

/// <summary>A heading in Aspire's dashboard: it runs nothing.</summary>
internal sealed class GroupResource(string name) : Resource(name);

internal static class Groups
{
    public static IResourceBuilder<GroupResource> AddGroup(this IDistributedApplicationBuilder builder, string name, string icon) =>
        builder
            .AddResource(new GroupResource(name))
            .WithInitialState(
                new CustomResourceSnapshot
                {
                    ResourceType = "Group",
                    State = KnownResourceStates.Running,
                    Properties = [],
                }
            )
            .WithIconName(icon)
            .ExcludeFromManifest();
}
