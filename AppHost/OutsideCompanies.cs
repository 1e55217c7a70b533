namespace Platform.AppHost;

/// <summary>A heading in Aspire's dashboard; it runs nothing.</summary>
internal sealed class GroupResource(string name) : Resource(name);

internal static class OutsideCompanies
{
    /// <summary>Key of the admin API that changes a company's behaviour.</summary>
    public const string AdminKey = "outside-admin-key";

    private const string Group = "outside-companies";

    /// <summary>Adds an outside company with its API key and the key of its admin API.</summary>
    public static IResourceBuilder<ProjectResource> AddOutsideCompany<TProject>(
        this IDistributedApplicationBuilder builder,
        string name,
        string icon
    )
        where TProject : IProjectMetadata, new()
    {
        var section = typeof(TProject).Name;
        var company = builder
            .AddProject<TProject>(name)
            .WithSecret($"{section}__ApiKey", $"{name}-api-key")
            .WithSecret($"{section}__AdminKey", AdminKey)
            .WithHttpHealthCheck("/health")
            .WithoutProxy("http")
            .WithIconName(icon)
            .WithParentRelationship(builder.OutsideGroup());
        return company;
    }

    private static IResourceBuilder<GroupResource> OutsideGroup(this IDistributedApplicationBuilder builder) =>
        builder.Resources.OfType<GroupResource>().SingleOrDefault() is { } group
            ? builder.CreateResourceBuilder(group)
            : builder
                .AddResource(new GroupResource(Group))
                .WithInitialState(
                    new CustomResourceSnapshot
                    {
                        ResourceType = "Group",
                        State = KnownResourceStates.Running,
                        Properties = [],
                    }
                )
                .WithIconName("Globe")
                .ExcludeFromManifest();
}
