using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Resolve;
using Aspire.Hosting.Run.Twins;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Run;

/// <summary>Makes a process of an instance: resolved now, because values may have changed since the last start.</summary>
internal sealed partial class Launcher(
    ProcessSpecResolver resolver, ServerInstaller installer, ResourceLoggerService loggers, EndpointProxies proxies, RunFolder runFolder)
{
    /// <summary><paramref name="connectable"/> names the instances that take connections, for the proxies.</summary>
    public async Task<(ProcessSpec Spec, RunningProcess Process)> LaunchAsync(
        IResource resource, InstanceAnnotation instance, Func<IEnumerable<string>> connectable, CancellationToken cancellationToken)
    {
        var logger = loggers.GetLogger(instance.Id);
        var spec = resource is ContainerResource container
            ? await PrepareTwinAsync(container, instance, logger, cancellationToken).ConfigureAwait(false)
            : await resolver.ResolveAsync(resource, instance, logger, cancellationToken).ConfigureAwait(false);
        RefuseTakenPorts(resource, instance);
        proxies.Open(resource, connectable);
        return (spec, await RunningProcess.StartAsync(spec, runFolder.Path, (line, isError) => loggers.Write(instance.Id, line, isError)).ConfigureAwait(false));
    }

    private async Task<ProcessSpec> PrepareTwinAsync(ContainerResource container, InstanceAnnotation instance, ILogger logger, CancellationToken cancellationToken)
    {
        var image = container.Annotations.OfType<ContainerImageAnnotation>().Last();
        var twin = NativeTwin.For(image)
            ?? throw new DistributedApplicationException($"Image '{image.FullName}' of '{container.Name}' needs a container runtime: run with StandIns=false.");
        var server = await installer.EnsureAsync(twin, container.Name, logger, cancellationToken).ConfigureAwait(false);
        var configuration = await resolver.ConfigureAsync(container, instance, logger, cancellationToken).ConfigureAwait(false);
        var context = new TwinContext(container, configuration, server, runFolder.Path, Path.Combine(runFolder.Path, instance.Id), logger);
        Log.Twin(logger, image.FullName, await twin.DescribeAsync(server, context, cancellationToken).ConfigureAwait(false), server);
        var spec = await twin.PrepareAsync(context, cancellationToken).ConfigureAwait(false);
        return spec with { ModelEnvironment = configuration.Environment };
    }

    private void RefuseTakenPorts(IResource resource, InstanceAnnotation instance)
    {
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>().Where(e => e.AllocatedEndpoint is not null))
        {
            RefuseTakenPort(endpoint.ListenPort(instance.Id));
            if (endpoint.HasProxy && !proxies.IsOpen(endpoint))
            {
                RefuseTakenPort(endpoint.AllocatedEndpoint!.Port);
            }

            void RefuseTakenPort(int port)
            {
                if (Listeners.OwnerOf(port) is { } owner)
                {
                    throw new DistributedApplicationException(
                        string.Create(CultureInfo.InvariantCulture, $"Port {port} of endpoint '{endpoint.Name}' of '{resource.Name}' is taken by {owner}."));
                }
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Asked for {Image}; runs {Version} ({Server}) as a process of this machine.")]
        public static partial void Twin(ILogger logger, string image, string version, string server);
    }
}
