using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Platform.Prometheus;

namespace Aspire.Hosting;

public static class PrometheusExtensions
{
    /// <summary>
    /// Adds a Prometheus server. Its configuration is a folder with a prometheus.yml, whose paths are relative to it: <c>rules/*.yml</c>,
    /// <c>secrets/name</c> (see <see cref="WithSecretFile"/>) and <c>targets/folder/*.json</c> for <c>file_sd_configs</c> (see
    /// <see cref="WithTarget"/> and <see cref="WithInstances"/>).
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">Name of the resource.</param>
    /// <param name="configuration">The folder; relative to the AppHost.</param>
    /// <param name="port">Port on this machine; 9090 is what people expect.</param>
    public static IResourceBuilder<PrometheusResource> AddPrometheus(
        this IDistributedApplicationBuilder builder,
        string name,
        string configuration,
        int? port = null
    )
    {
        var folder = Path.GetFullPath(configuration, builder.AppHostDirectory);
        var resource = new PrometheusResource(name);
        var prometheus = builder
            .AddResource(resource)
            // A 2.x on purpose: 3.x asks for UTF-8 names, and rules would have to be written twice for those who have a 2.x.
            .WithImage("prom/prometheus", "v2.55.1")
            .WithImageRegistry("docker.io")
            .WithHttpEndpoint(port, PrometheusResource.Port, "http")
            .WithHttpHealthCheck("/-/ready")
            .WithIconName("ChartMultiple")
            .WithArgs(
                $"--config.file={PrometheusResource.ConfigurationFolder}/prometheus.yml",
                "--storage.tsdb.path=/prometheus",
                // Bounds its disk, however long it runs: the oldest goes first.
                "--storage.tsdb.retention.size=512MB",
                // The month of the objectives, and a few days.
                "--storage.tsdb.retention.time=32d",
                "--enable-feature=exemplar-storage"
            )
            .WithContainerFiles(
                PrometheusResource.ConfigurationFolder,
                (_, _) => Task.FromResult(ConfigurationFiles.Read(folder, text => Adapt(resource, text)))
            );
        if (builder.ExecutionContext.IsPublishMode)
        {
            return prometheus;
        }

        var targets = Path.Combine(builder.RunFolder().Path, $"{name}-targets");
        builder.Services.AddSingleton<IHostedService>(services =>
            ActivatorUtilities.CreateInstance<ScrapeTargets>(services, resource, targets)
        );
        builder.Eventing.Subscribe<BeforeStartEvent>(
            (_, _) =>
            {
                foreach (
                    var group in resource
                        .StaticTargets.Select(target => target.Folder)
                        .Concat(resource.InstanceTargets.Select(target => target.Folder))
                )
                {
                    Directory.CreateDirectory(Path.Combine(targets, group));
                }

                return Task.CompletedTask;
            }
        );
        return prometheus.WithBindMount(targets, $"{PrometheusResource.ConfigurationFolder}/targets", isReadOnly: true);
    }

    /// <summary>How often it scrapes and evaluates, instead of what prometheus.yml says.</summary>
    public static IResourceBuilder<PrometheusResource> WithInterval(this IResourceBuilder<PrometheusResource> prometheus, TimeSpan interval)
    {
        prometheus.Resource.Interval = interval;
        return prometheus;
    }

    /// <summary>How long the condition of each alert must hold, instead of what the rules say: to try them.</summary>
    public static IResourceBuilder<PrometheusResource> WithFor(this IResourceBuilder<PrometheusResource> prometheus, TimeSpan hold)
    {
        prometheus.Resource.For = hold;
        return prometheus;
    }

    /// <summary>Writes the secret to the file secrets/name, for <c>credentials_file</c>.</summary>
    public static IResourceBuilder<PrometheusResource> WithSecretFile(
        this IResourceBuilder<PrometheusResource> prometheus,
        string name,
        IResourceBuilder<ParameterResource> secret
    ) => prometheus.WithSecretFile($"{PrometheusResource.ConfigurationFolder}/secrets", name, secret.Resource);

    /// <summary>Scrapes an address that never changes.</summary>
    /// <param name="prometheus">The server.</param>
    /// <param name="folder">Below targets/.</param>
    /// <param name="job">Label <c>job</c>.</param>
    /// <param name="endpoint">Where it is.</param>
    public static IResourceBuilder<PrometheusResource> WithTarget(
        this IResourceBuilder<PrometheusResource> prometheus,
        string folder,
        string job,
        EndpointReference endpoint
    )
    {
        prometheus.Resource.StaticTargets.Add(new StaticTarget(folder, job, endpoint));
        return prometheus;
    }

    /// <summary>Scrapes each instance of a resource; the label <c>job</c> is its name.</summary>
    /// <param name="prometheus">The server.</param>
    /// <param name="folder">Below targets/.</param>
    /// <param name="endpoint">Of the resource; where a container reaches it, while it has one instance.</param>
    /// <param name="read">Where an instance is; null while it has no address.</param>
    public static IResourceBuilder<PrometheusResource> WithInstances(
        this IResourceBuilder<PrometheusResource> prometheus,
        string folder,
        EndpointReference endpoint,
        Func<CustomResourceSnapshot, ScrapeInstance?> read
    )
    {
        prometheus.Resource.InstanceTargets.Add(new InstanceTargets(folder, endpoint, read));

        return prometheus.WithTunnelTo(endpoint);
    }

    /// <summary>
    /// A container reaches an endpoint of this machine when its environment names it, and not when its files do. A reference as usual would
    /// be to the container's network for a process in its place too.
    /// </summary>
    internal static IResourceBuilder<T> WithTunnelTo<T>(this IResourceBuilder<T> resource, EndpointReference endpoint)
        where T : ContainerResource =>
        resource.ApplicationBuilder.ExecutionContext.IsRunMode
            ? resource.WithEnvironment(
                $"REACHES_{endpoint.Resource.Name}_{endpoint.EndpointName}".ToUpperInvariant().Replace('-', '_'),
                ReferenceExpression.Create($"{endpoint.Property(EndpointProperty.Url)}")
            )
            : resource;

    internal static IResourceBuilder<T> WithSecretFile<T>(
        this IResourceBuilder<T> resource,
        string folder,
        string name,
        ParameterResource secret
    )
        where T : ContainerResource =>
        resource.WithContainerFiles(
            folder,
            async (_, cancellationToken) => [new ContainerFile { Name = name, Contents = await secret.GetValueAsync(cancellationToken) }]
        );

    private static string Adapt(PrometheusResource prometheus, string text)
    {
        var adapted = prometheus.Interval is { } interval ? ConfigurationFiles.WithInterval(text, interval) : text;
        return prometheus.For is { } hold ? ConfigurationFiles.WithFor(adapted, hold) : adapted;
    }
}
