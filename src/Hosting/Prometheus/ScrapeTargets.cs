using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;

namespace Platform.Prometheus;

/// <summary>One address that never changes, such as that of a server.</summary>
/// <param name="Folder">Below targets/; prometheus.yml names it in <c>file_sd_configs</c>.</param>
/// <param name="Job">Label <c>job</c>.</param>
/// <param name="Endpoint">Where it is.</param>
internal sealed record StaticTarget(string Folder, string Job, EndpointReference Endpoint);

/// <summary>Where one instance of a project is scraped.</summary>
/// <param name="Id">Label <c>instance</c>: <c>service.instance.id</c> of its telemetry.</param>
/// <param name="Address">Its own address; the resource's endpoint is shared among replicas.</param>
public sealed record ScrapeInstance(string Id, Uri Address);

/// <param name="Folder">As above.</param>
/// <param name="Endpoint">Of the resource: all its instances are targets, and its name is the label <c>job</c>.</param>
/// <param name="Read">Null while there is no address.</param>
internal sealed record InstanceTargets(string Folder, EndpointReference Endpoint, Func<CustomResourceSnapshot, ScrapeInstance?> Read)
{
    public IResource Resource => Endpoint.Resource;
}

/// <summary>
/// Writes the files of Prometheus' file service discovery. An instance that ends by itself stays a target, so that it is seen as down; one
/// that somebody stops leaves.
/// </summary>
internal sealed class ScrapeTargets(
    PrometheusResource prometheus,
    string folder,
    DistributedApplicationModel model,
    ResourceNotificationService notifications
) : BackgroundService
{
    private const UnixFileMode ReadableByAll =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    // By resource and instance; bounded by the instances of the model.
    private readonly Dictionary<InstanceTargets, SortedDictionary<string, ScrapeInstance>> _instances =
        prometheus.InstanceTargets.ToDictionary(
            target => target,
            _ => new SortedDictionary<string, ScrapeInstance>(StringComparer.Ordinal)
        );

    // Prometheus itself, which is a container or, with AddServerProcesses, a process in its place.
    private IResource Scraper => model.Resources.Single(resource => resource.Name == prometheus.Name);

    // Each waits until its endpoint has a port, which one that cannot start never gets; nothing else waits for that.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(
            prometheus
                .StaticTargets.Select(target => WriteAsync(target, stoppingToken))
                .Concat(prometheus.InstanceTargets.Select(target => WatchAsync(target, stoppingToken)))
        );

    private async Task WatchAsync(InstanceTargets target, CancellationToken stoppingToken)
    {
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            if (change.Resource == target.Resource && Follow(target, change.ResourceId, change.Snapshot))
            {
                await WriteAsync(target, stoppingToken);
            }
        }
    }

    private async Task WriteAsync(StaticTarget target, CancellationToken stoppingToken)
    {
        var address = await AddressOf(target.Endpoint, stoppingToken);
        Write(target.Folder, target.Job, [Entry(address, target.Job, address)]);
    }

    // As the scraper sees it: addresses differ for a container and for a process of this machine.
    private async Task<string> AddressOf(EndpointReference endpoint, CancellationToken cancellationToken) =>
        (
            await endpoint
                .Property(EndpointProperty.HostAndPort)
                .GetValueAsync(new ValueProviderContext { Caller = Scraper }, cancellationToken)
        )!;

    // True when it changed anything.
    private bool Follow(InstanceTargets target, string id, CustomResourceSnapshot snapshot)
    {
        var instances = _instances[target];
        if (snapshot.State?.Text == KnownResourceStates.Stopping)
        {
            return instances.Remove(id);
        }

        if (snapshot.State?.Text != KnownResourceStates.Running || target.Read(snapshot) is not { } instance)
        {
            return false;
        }

        var isNew = !instances.TryGetValue(id, out var known) || known != instance;
        instances[id] = instance;
        return isNew;
    }

    private async Task WriteAsync(InstanceTargets target, CancellationToken stoppingToken)
    {
        var job = target.Resource.Name;
        var entries = new List<object>();
        foreach (var instance in _instances[target].Values)
        {
            entries.Add(Entry(await AddressOf(target, instance, stoppingToken), job, instance.Id));
        }

        Write(target.Folder, job, entries);
    }

    // A container reaches a process of this machine by the orchestrator's tunnel, which knows endpoints and no instances. Several instances
    // are reached by it where the engine knows this name and their loopback, as Docker Desktop does.
    private async Task<string> AddressOf(InstanceTargets target, ScrapeInstance instance, CancellationToken stoppingToken) =>
        Scraper is not ContainerResource ? instance.Address.Authority
        : target.Resource.GetReplicaCount() == 1 ? await AddressOf(target.Endpoint, stoppingToken)
        : $"host.docker.internal:{instance.Address.Port}";

    private static object Entry(string address, string job, string instance) =>
        new { targets = new[] { address }, labels = new { job, instance } };

    // Renamed into place: Prometheus never reads half a file.
    private void Write(string group, string job, IEnumerable<object> entries)
    {
        var path = Path.Combine(folder, group, $"{job}.json");
        var part = $"{path}.part";
        File.WriteAllText(part, JsonSerializer.Serialize(entries));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(part, ReadableByAll);
        }

        File.Move(part, path, overwrite: true);
    }
}
