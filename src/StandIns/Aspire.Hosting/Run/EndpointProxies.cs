using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Run;

/// <summary>The proxies of this application: from a resource's first start to the application's end.</summary>
internal sealed class EndpointProxies : IAsyncDisposable
{
    private readonly Lock _lock = new();

    // Bounded by the number of endpoints.
    private readonly Dictionary<EndpointAnnotation, EndpointProxy> _open = [];

    public bool IsOpen(EndpointAnnotation endpoint)
    {
        lock (_lock)
        {
            return _open.ContainsKey(endpoint);
        }
    }

    /// <summary>Listens on the public port of every endpoint that needs it; <paramref name="connectable"/> names the instances that take connections.</summary>
    public void Open(IResource resource, Func<IEnumerable<string>> connectable)
    {
        lock (_lock)
        {
            foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>().Where(e => e.HasProxy && !_open.ContainsKey(e)))
            {
                _open[endpoint] = new EndpointProxy(
                    endpoint.TargetHost is "0.0.0.0" or "*" or "+" or "::", endpoint.AllocatedEndpoint!.Port, () => [.. connectable().Select(endpoint.ListenPort)]);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        EndpointProxy[] proxies;
        lock (_lock)
        {
            proxies = [.. _open.Values];
            _open.Clear();
        }

        await Task.WhenAll(proxies.Select(p => p.DisposeAsync().AsTask())).ConfigureAwait(false);
    }
}
