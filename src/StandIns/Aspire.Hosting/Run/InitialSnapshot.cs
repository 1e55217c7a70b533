using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Run;

/// <summary>What is known of a resource before it starts.</summary>
internal static class InitialSnapshot
{
    public static CustomResourceSnapshot Of(IResource resource, CustomResourceSnapshot snapshot, DateTime now)
    {
        resource.TryGetLastAnnotation<ResourceIconAnnotation>(out var icon);
        snapshot = snapshot with
        {
            ResourceType = resource switch
            {
                ProjectResource => "Project",
                ContainerResource => "Container",
                ExecutableResource => "Executable",
                ParameterResource => "Parameter",
                ConnectionStringResource => "ConnectionString",
                ExternalServiceResource => "ExternalService",
                _ => snapshot.ResourceType,
            },
            CreationTimeStamp = snapshot.CreationTimeStamp ?? now,
            HealthReports = HealthMonitor.Unknown(resource),
            Relationships = [.. Relationships(resource)],
            Volumes =
            [
                .. resource.Annotations.OfType<ContainerMountAnnotation>().Select(m => new VolumeSnapshot(
                    Twins.Mounts.HostPath(m), m.Target, m.Type == ContainerMountType.BindMount ? "bind" : "volume", m.IsReadOnly)),
            ],
            IsHidden = snapshot.IsHidden || resource.HasAnnotationOfType<HiddenAnnotation>(),
            IconName = icon?.IconName ?? snapshot.IconName,
            IconVariant = icon?.IconVariant ?? snapshot.IconVariant,
        };

        if (resource is IResourceWithParent { Parent: var parent })
        {
            snapshot = snapshot with { Properties = snapshot.Properties.With("resource.parentName", parent.InstanceId()) };
        }

        return resource switch
        {
            ProjectResource project => snapshot with
            {
                Properties = WithSource(project.GetProjectMetadata().ProjectPath)
                    .With("project.path", project.GetProjectMetadata().ProjectPath)
                    .With("project.launchProfile", project.TryGetLastAnnotation<LaunchProfileAnnotation>(out var profile) ? profile.LaunchProfileName : null),
            },
            ContainerResource when resource.TryGetLastAnnotation<ContainerImageAnnotation>(out var image) =>
                snapshot with { Properties = WithSource(image.FullName).With("container.image", image.FullName) },
            ExecutableResource executable => snapshot with { Properties = WithSource(executable.Command) },
            ExternalServiceResource external => snapshot with { Properties = WithSource(external.Uri?.ToString()) },
            _ => snapshot,
        };

        System.Collections.Immutable.ImmutableArray<ResourcePropertySnapshot> WithSource(string? source) =>
            snapshot.Properties.With(CustomResourceKnownProperties.Source, source);
    }

    private static IEnumerable<RelationshipSnapshot> Relationships(IResource resource)
    {
        if (resource is IResourceWithParent { Parent: var parent })
        {
            yield return new RelationshipSnapshot(parent.Name, "Parent");
        }

        foreach (var relationship in resource.Annotations.OfType<ResourceRelationshipAnnotation>())
        {
            yield return new RelationshipSnapshot(relationship.Resource.Name, relationship.Type);
        }
    }
}
