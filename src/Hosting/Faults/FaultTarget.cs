using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;

namespace Platform.Faults;

/// <summary>What a fault is injected into, and how much of it.</summary>
/// <param name="services">Of the AppHost.</param>
/// <param name="resource">Where the fault lives.</param>
/// <param name="strength">Within the fault's range; 0 where there is none.</param>
/// <param name="scope">One of the fault's scopes; empty where there are none.</param>
/// <param name="instance">Resource id of an instance, such as orders-nkshygzk; null for the first.</param>
public sealed class FaultTarget(IServiceProvider services, IResource resource, double strength, string scope, string? instance)
{
    public IServiceProvider Services => services;

    public IResource Resource => resource;

    public double Strength => strength;

    public string Scope => scope;

    /// <summary>Resource id of the instance that is hit.</summary>
    /// <exception cref="FaultException">There is none.</exception>
    public string InstanceId =>
        instance
        ?? (Instances.Of(resource.Name) is [var first, ..] ? first : throw new FaultException($"{resource.Name} was not started."));

    internal ResourceInstances Instances => services.GetRequiredService<ResourceInstances>();

    /// <summary>The address of an endpoint, as it is reached from this machine.</summary>
    /// <exception cref="FaultException">The resource has no such endpoint, or does not run.</exception>
    public Uri Endpoint(string name) =>
        resource is IResourceWithEndpoints endpoints && endpoints.GetEndpoint(name) is { IsAllocated: true } endpoint
            ? new Uri(endpoint.Url)
            : throw new FaultException($"{resource.Name} has no endpoint {name}, or does not run.");

    /// <exception cref="FaultException">The resource has none.</exception>
    public async Task<string> ConnectionStringAsync(CancellationToken cancellationToken) =>
        resource is IResourceWithConnectionString connection && await connection.GetConnectionStringAsync(cancellationToken) is { } text
            ? text
            : throw new FaultException($"{resource.Name} has no connection string, or does not run.");

    /// <exception cref="FaultException">The secret has no value.</exception>
    public async Task<string> SecretAsync(string name, CancellationToken cancellationToken) =>
        services
            .GetRequiredService<DistributedApplicationModel>()
            .Resources.OfType<ParameterResource>()
            .SingleOrDefault(parameter => parameter.Name == name)
            is { } parameter
        && await parameter.GetValueAsync(cancellationToken) is { } value
            ? value
            : throw new FaultException($"The secret {name} has no value.");

    /// <summary>The process of the instance that is hit.</summary>
    /// <exception cref="FaultException">It does not run, or not as a process.</exception>
    public int ProcessId() => Instances.ProcessOf(InstanceId) ?? throw new FaultException($"{InstanceId} does not run as a process.");

    /// <summary>Runs a command of the resource, such as stop.</summary>
    /// <exception cref="FaultException">It failed.</exception>
    public async Task CommandAsync(string command, CancellationToken cancellationToken)
    {
        var result = await services
            .GetRequiredService<ResourceCommandService>()
            .ExecuteCommandAsync(InstanceId, command, cancellationToken);
        if (!result.Success)
        {
            throw new FaultException($"{command} of {InstanceId} failed: {result.Message}");
        }
    }
}
