using System.Diagnostics.CodeAnalysis;

namespace Aspire.Hosting.ApplicationModel;

public static class ResourceExtensions
{
    public static bool TryGetLastAnnotation<T>(this IResource resource, [NotNullWhen(true)] out T? annotation) where T : IResourceAnnotation
    {
        annotation = resource.Annotations.OfType<T>().LastOrDefault();
        return annotation is not null;
    }

    public static bool TryGetAnnotationsOfType<T>(this IResource resource, [NotNullWhen(true)] out IEnumerable<T>? result) where T : IResourceAnnotation
    {
        var found = resource.Annotations.OfType<T>().ToArray();
        result = found.Length > 0 ? found : null;
        return found.Length > 0;
    }

    public static bool TryGetAnnotationsIncludingAncestorsOfType<T>(this IResource resource, [NotNullWhen(true)] out IEnumerable<T>? result)
        where T : IResourceAnnotation
    {
        var found = resource.SelfAndAncestors().SelectMany(r => r.Annotations.OfType<T>()).ToArray();
        result = found.Length > 0 ? found : null;
        return found.Length > 0;
    }

    public static bool HasAnnotationOfType<T>(this IResource resource) where T : IResourceAnnotation => resource.Annotations.OfType<T>().Any();

    public static bool TryGetEndpoints(this IResource resource, [NotNullWhen(true)] out IEnumerable<EndpointAnnotation>? endpoints) =>
        resource.TryGetAnnotationsOfType(out endpoints);

    public static bool TryGetUrls(this IResource resource, [NotNullWhen(true)] out IEnumerable<ResourceUrlAnnotation>? urls) =>
        resource.TryGetAnnotationsOfType(out urls);

    public static IEnumerable<EndpointReference> GetEndpoints(this IResourceWithEndpoints resource) =>
        resource.Annotations.OfType<EndpointAnnotation>().Select(e => new EndpointReference(resource, e));

    public static EndpointReference GetEndpoint(this IResourceWithEndpoints resource, string endpointName) => new(resource, endpointName);

    public static int GetReplicaCount(this IResource resource) => resource.TryGetLastAnnotation<ReplicaAnnotation>(out var replicas) ? replicas.Replicas : 1;

    internal static IEnumerable<IResource> SelfAndAncestors(this IResource resource)
    {
        for (var current = resource; current is not null; current = (current as IResourceWithParent)?.Parent)
        {
            yield return current;
        }
    }

    /// <summary>Projects, executables and containers are processes; databases, parameters and the like are not.</summary>
    internal static bool IsProcess(this IResource resource) => resource is ProjectResource or ExecutableResource or ContainerResource;

    /// <summary>The processes of a resource, one for each replica.</summary>
    internal static IReadOnlyList<InstanceAnnotation> Instances(this IResource resource) => [.. resource.Annotations.OfType<InstanceAnnotation>()];

    /// <summary>What the resource is published as: one id for each replica, its own name when it is no process.</summary>
    internal static IReadOnlyList<string> InstanceIds(this IResource resource) => resource.Instances() is { Count: > 0 } instances ? [.. instances.Select(i => i.Id)] : [resource.Name];

    internal static string InstanceId(this IResource resource) => resource.InstanceIds()[0];

    /// <summary>As many instances as replicas; those that are there keep their names.</summary>
    internal static void EnsureInstances(this IResource resource)
    {
        while (resource.Instances().Count < resource.GetReplicaCount())
        {
            resource.Annotations.Add(new InstanceAnnotation(resource));
        }

        foreach (var surplus in resource.Instances().Skip(resource.GetReplicaCount()))
        {
            resource.Annotations.Remove(surplus);
        }
    }
}
