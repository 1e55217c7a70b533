using Google.Protobuf.WellKnownTypes;
using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Tests;

/// <summary>Resources as an AppHost tells of them.</summary>
internal static class ResourceModel
{
    public static Resource Service(string displayName, string instance, string state = "Running", HealthStatus? health = null)
    {
        var resource = new Resource
        {
            Name = $"{displayName}-{instance}",
            DisplayName = displayName,
            ResourceType = "Project",
            State = state,
            StartedAt = Timestamp.FromDateTimeOffset(new DateTimeOffset(2026, 11, 21, 14, 2, 11, TimeSpan.Zero)),
            Properties = { new ResourceProperty { Name = "resource.source", Value = Value.ForString($"/src/{displayName}/{displayName}.csproj") } },
        };

        if (health is { } status)
        {
            resource.HealthReports.Add(new HealthReport { Key = $"{displayName}_check", Status = status, Description = "Oldest unpublished message is 42 s old" });
        }

        return resource;
    }

    public static Resource With(this Resource resource, Action<Resource> change)
    {
        change(resource);
        return resource;
    }

    public static Resource Exited(this Resource resource, int exitCode) => resource.With(ended =>
    {
        ended.State = "Finished";
        ended.Properties.Add(new ResourceProperty { Name = "resource.exitCode", Value = Value.ForNumber(exitCode) });
    });

    public static Resource Related(this Resource resource, string type, params string[] names) => resource.With(from =>
        from.Relationships.AddRange(names.Select(name => new ResourceRelationship { ResourceName = name, Type = type })));

    public static ResourceCommand Command(string name, string displayName, params InteractionInput[] arguments) =>
        new() { Name = name, DisplayName = displayName, ArgumentInputs = { arguments } };
}
