using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Resolve;

/// <summary>
/// Gives every endpoint its port before any process starts. A process listens on the public port itself; only replicas, and a process that
/// insists on another port, listen elsewhere behind a proxy.
/// </summary>
internal sealed class PortLedger(bool randomize)
{
    // Below the kernel's ephemeral range, so that no outgoing connection takes a port between here and the server's bind.
    private const int FirstPort = 10000;
    private const int LastPort = 32767;

    // Shared by all applications of this process; bounded by the range.
    private static readonly HashSet<int> Given = [];

    public void Allocate(IResource resource)
    {
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            endpoint.AllocatedEndpoint ??= new AllocatedEndpoint(endpoint, Displayed(endpoint.TargetHost), Choose(resource, endpoint));
            if (NeedsProxy(resource, endpoint))
            {
                foreach (var instance in resource.Instances())
                {
                    endpoint.InstancePorts.TryAdd(instance.Id, endpoint.TargetPort ?? Next());
                }
            }
        }
    }

    public static int Next()
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(FirstPort, LastPort + 1);
            lock (Given)
            {
                if (Given.Contains(port) || !IsFree(port))
                {
                    continue;
                }

                Given.Add(port);
                return port;
            }
        }

        throw new DistributedApplicationException($"No free port between {FirstPort} and {LastPort}.");
    }

    private int Choose(IResource resource, EndpointAnnotation endpoint)
    {
        // A container's target port is inside the container; the native server listens on the public one.
        if (resource is ContainerResource)
        {
            if (endpoint.TargetPort is null)
            {
                throw new InvalidOperationException($"The endpoint '{endpoint.Name}' for container resource '{resource.Name}' must specify the TargetPort value.");
            }

            return endpoint.Port is { } fixedPort && (!randomize || !endpoint.IsProxied) ? fixedPort : Next();
        }

        if (resource.GetReplicaCount() > 1 && !endpoint.IsProxied)
        {
            throw new InvalidOperationException(
                $"Resource '{resource.Name}' uses multiple replicas and a proxy-less endpoint '{endpoint.Name}'. These features do not work together.");
        }

        if (resource.GetReplicaCount() > 1 && endpoint.TargetPort is not null)
        {
            throw new InvalidOperationException(
                $"Resource '{resource.Name}' can have multiple replicas, and it uses endpoint '{endpoint.Name}' that has the TargetPort property set. Each replica must have a unique port; setting TargetPort is not allowed.");
        }

        return (endpoint.Port, endpoint.TargetPort) switch
        {
            ({ } port, { } target) when port == target && endpoint.IsProxied => throw new InvalidOperationException(
                $"The endpoint '{endpoint.Name}' for resource '{resource.Name}' requested a proxy (IsProxied is true). Non-container resources cannot be proxied when both TargetPort and Port are specified with the same value."),
            ({ } port, { } target) when port != target && !endpoint.IsProxied => throw new InvalidOperationException(
                $"The endpoint '{endpoint.Name}' for resource '{resource.Name}' has no proxy (IsProxied is false), and Port and TargetPort have different values."),
            (null, { } target) => target,
            ({ } port, _) when !randomize || !endpoint.IsProxied => port,
            _ => Next(),
        };
    }

    private static bool NeedsProxy(IResource resource, EndpointAnnotation endpoint) => resource is not ContainerResource && endpoint.IsProxied
        && (resource.GetReplicaCount() > 1 || (endpoint.TargetPort is { } target && target != endpoint.AllocatedEndpoint!.Port));

    private static string Displayed(string host) => host is "0.0.0.0" or "*" or "+" or "::" or "127.0.0.1" ? "localhost" : host;

    private static bool IsFree(int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            // In use: the caller tries another one.
            return false;
        }
    }
}
