using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Platform.Faults;

namespace Platform.AppHost;

/// <summary>One instance of a service: what is needed to query, deploy or freeze that one and not its replica.</summary>
/// <param name="Resource">Resource name, also <c>service.name</c>.</param>
/// <param name="ResourceId">Id of the instance in commands: <c>orders-nkshygzk</c>.</param>
/// <param name="InstanceId"><c>service.instance.id</c> of its telemetry.</param>
/// <param name="ProcessId">Process id.</param>
/// <param name="Management">Its own management address; the resource's endpoint is shared among replicas.</param>
internal sealed record ServiceInstance(string Resource, string ResourceId, string InstanceId, int ProcessId, Uri Management);

/// <summary>The running instances of all services, from the orchestrator's notifications.</summary>
internal sealed partial class InstanceDirectory(ResourceNotificationService notifications) : EarlyService
{
    // By resource id; bounded by the model's instances.
    private readonly ConcurrentDictionary<string, ServiceInstance> _instances = new();

    public IReadOnlyList<ServiceInstance> Of(string resource) =>
        [
            .. _instances
                .Values.Where(instance => instance.Resource == resource)
                .OrderBy(instance => instance.ResourceId, StringComparer.Ordinal),
        ];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            if (change.Snapshot.State?.Text == KnownResourceStates.Running && Read(change) is { } instance)
            {
                _instances[change.ResourceId] = instance;
            }
            else
            {
                _instances.TryRemove(change.ResourceId, out _);
            }
        }
    }

    /// <summary>The part of OTEL_RESOURCE_ATTRIBUTES that names the instance.</summary>
    internal static string? InstanceIdOf(string? attributes) =>
        InstanceId().Match(attributes ?? "") is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>Id and management address of an instance; null while it has none.</summary>
    internal static (string Id, Uri Management)? Read(CustomResourceSnapshot snapshot)
    {
        string? Variable(string name) => snapshot.EnvironmentVariables.FirstOrDefault(variable => variable.Name == name)?.Value;
        return
            Uri.TryCreate(Variable("Kestrel__Endpoints__management__Url"), UriKind.Absolute, out var management)
            && InstanceIdOf(Variable("OTEL_RESOURCE_ATTRIBUTES")) is { } id
            ? (id, management)
            : null;
    }

    private static ServiceInstance? Read(ResourceEvent change) =>
        change.Resource is ProjectResource
        && Read(change.Snapshot) is var (id, management)
        && int.TryParse(
            change.Snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value?.ToString(),
            CultureInfo.InvariantCulture,
            out var processId
        )
            ? new ServiceInstance(change.Resource.Name, change.ResourceId, id, processId, management)
            : null;

    [GeneratedRegex("(?:^|,)service\\.instance\\.id=([^,]+)")]
    private static partial Regex InstanceId();
}

internal static class Instances
{
    /// <summary>Registers <see cref="InstanceDirectory"/>.</summary>
    public static IDistributedApplicationBuilder AddInstances(this IDistributedApplicationBuilder builder)
    {
        builder.Services.AddSingleton<InstanceDirectory>();
        builder.Services.AddHostedService(services => services.GetRequiredService<InstanceDirectory>());
        return builder;
    }

    /// <summary>
    /// Replicas as configured with <c>-- --Replicas:orders=2</c>; one by default, which is reached directly. Replicas stand behind the
    /// orchestrator's proxy. It may lose an instance for good that ended and was started again: the new one has the same name, and is taken
    /// for the old.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithConfiguredReplicas(this IResourceBuilder<ProjectResource> service) =>
        int.TryParse(
            service.ApplicationBuilder.Configuration[$"Replicas:{service.Resource.Name}"],
            CultureInfo.InvariantCulture,
            out var replicas
        )
        && replicas > 1
            ? service.WithReplicas(replicas)
            : service.WithoutProxy("http", "management");
}
