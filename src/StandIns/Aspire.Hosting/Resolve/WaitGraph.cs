using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Resolve;

internal static class WaitGraph
{
    /// <summary>Resources that wait for each other would wait forever; say who they are instead.</summary>
    public static void RefuseCycles(IEnumerable<IResource> resources)
    {
        var (done, path) = (new HashSet<IResource>(), new List<IResource>());
        foreach (var resource in resources)
        {
            Visit(resource);
        }

        void Visit(IResource resource)
        {
            if (path.IndexOf(resource) is var start && start >= 0)
            {
                throw new DistributedApplicationException(
                    $"Resources wait for each other: {string.Join(" -> ", path.Skip(start).Append(resource).Select(r => r.Name))}.");
            }

            if (done.Contains(resource))
            {
                return;
            }

            path.Add(resource);
            foreach (var wait in resource.Annotations.OfType<WaitAnnotation>())
            {
                Visit(wait.Resource);
            }

            path.RemoveAt(path.Count - 1);
            done.Add(resource);
        }
    }
}
