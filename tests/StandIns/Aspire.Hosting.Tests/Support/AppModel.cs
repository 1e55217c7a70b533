using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Resolve;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aspire.Hosting.Tests.Support;

/// <summary>Builders without a console and without the repository's configuration, and their resources resolved without starting anything.</summary>
internal static class AppModel
{
    public static IDistributedApplicationBuilder Create(params string[] settings)
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = ["--hostBuilder:reloadConfigOnChange=false", "--environment=Production", .. settings.Select(s => "--" + s)],
            ProjectDirectory = AppContext.BaseDirectory,
            DisableDashboard = true,
        });
        builder.Services.AddLogging(logging => logging.ClearProviders());
        return builder;
    }

    public static IResourceBuilder<ExecutableResource> AddSleep(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddExecutable(name, "sleep", "/", "300");

    public static IResourceBuilder<ExecutableResource> AddShell(this IDistributedApplicationBuilder builder, string name, string script) =>
        builder.AddExecutable(name, "sh", "/", "-c", script);

    public static IResourceBuilder<ServiceResource> AddService(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddResource(new ServiceResource(name));

    public static void Allocate(this IDistributedApplicationBuilder builder)
    {
        var ports = new PortLedger(builder.Configuration["DcpPublisher:RandomizePorts"] == "true");
        foreach (var resource in builder.Resources)
        {
            ports.Allocate(resource);
        }
    }

    /// <summary>As WithReplicas, which only projects have.</summary>
    public static IResourceBuilder<T> Replicate<T>(this IResourceBuilder<T> resource, int replicas) where T : IResource
    {
        resource.WithAnnotation(new ReplicaAnnotation(replicas), ResourceAnnotationMutationBehavior.Replace);
        resource.Resource.EnsureInstances();
        return resource;
    }

    public static async Task<ResolvedConfiguration> ResolveAsync<T>(this IResourceBuilder<T> resource, InstanceAnnotation? instance = null) where T : IResource
    {
        resource.ApplicationBuilder.Allocate();
        return await Resolver(resource.ApplicationBuilder).ConfigureAsync(resource.Resource, instance ?? resource.Resource.Annotations.OfType<InstanceAnnotation>().FirstOrDefault(), NullLogger.Instance, Limit.Token);
    }

    public static Task<Dictionary<string, string>> EnvironmentAsync<T>(this IResourceBuilder<T> resource) where T : IResource => resource.EnvironmentAsync(null);

    public static async Task<Dictionary<string, string>> EnvironmentAsync<T>(this IResourceBuilder<T> resource, InstanceAnnotation? instance) where T : IResource =>
        (await resource.ResolveAsync(instance)).Environment;

    public static async Task<ProcessSpec> SpecAsync<T>(this IResourceBuilder<T> resource) where T : IResource
    {
        resource.ApplicationBuilder.Allocate();
        return await Resolver(resource.ApplicationBuilder).ResolveAsync(resource.Resource, resource.Resource.Annotations.OfType<InstanceAnnotation>().FirstOrDefault(), NullLogger.Instance, Limit.Token);
    }

    private static ProcessSpecResolver Resolver(IDistributedApplicationBuilder builder) => new(builder.ExecutionContext, new ProjectOutputs(null));
}

/// <summary>What others find by name, without being a project.</summary>
internal sealed class ServiceResource(string name) : ExecutableResource(name, "sleep", "/"), IResourceWithServiceDiscovery;

/// <summary>A server with a connection string that needs no server.</summary>
internal sealed class ServerResource : ExecutableResource, IResourceWithConnectionString
{
    public ServerResource(string name, string seconds = "300") : base(name, "sleep", "/") => Annotations.Add(new CommandLineArgsCallbackAnnotation(context =>
    {
        context.Args.Add(seconds);
        return Task.CompletedTask;
    }));

    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"server={Name}");
}

internal sealed class ServerPartResource(string name, ServerResource parent) : Resource(name), IResourceWithParent<ServerResource>, IResourceWithConnectionString
{
    public ServerResource Parent { get; } = parent;

    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{Parent};part={Name}");
}
