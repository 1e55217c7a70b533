using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Platform.Prometheus;

namespace Aspire.Hosting;

/// <summary>Servers that have no /metrics of their own. Passwords reach an exporter in a file.</summary>
public static class ExporterExtensions
{
    private const string SecretFolder = "/etc/exporter";
    private const string PasswordFile = "password";

    /// <summary>Exports the statistics of a PostgreSQL server.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">Name of the resource.</param>
    /// <param name="address">Where the server is.</param>
    /// <param name="user">A user who may read statistics.</param>
    /// <param name="password">Its password.</param>
    public static IResourceBuilder<ExporterResource> AddPostgresExporter(
        this IDistributedApplicationBuilder builder,
        string name,
        EndpointReference address,
        string user,
        ParameterResource password
    ) =>
        builder
            .AddExporter(name, "prometheuscommunity/postgres-exporter", "v0.15.0", 9187)
            .WithImageRegistry("quay.io")
            .WithEnvironment(
                "DATA_SOURCE_URI",
                ReferenceExpression.Create($"{address.Property(EndpointProperty.HostAndPort)}/postgres?sslmode=disable")
            )
            .WithEnvironment("DATA_SOURCE_USER", user)
            .WithEnvironment("DATA_SOURCE_PASS_FILE", $"{SecretFolder}/{PasswordFile}")
            .WithSecretFile(SecretFolder, PasswordFile, password);

    /// <summary>Exports the statistics of a Redis server.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">Name of the resource.</param>
    /// <param name="address">Where the server is.</param>
    /// <param name="password">Its password.</param>
    public static IResourceBuilder<ExporterResource> AddRedisExporter(
        this IDistributedApplicationBuilder builder,
        string name,
        EndpointReference address,
        ParameterResource password
    )
    {
        var url = ReferenceExpression.Create($"redis://{address.Property(EndpointProperty.HostAndPort)}");
        return builder
            .AddExporter(name, "oliver006/redis_exporter", "v1.66.0", 9121)
            .WithImageRegistry("docker.io")
            .WithEnvironment("REDIS_ADDR", url)
            .WithEnvironment("REDIS_PASSWORD_FILE", $"{SecretFolder}/{PasswordFile}")
            .WithContainerFiles(
                SecretFolder,
                async (context, cancellationToken) =>
                {
                    var server = await url.GetValueAsync(new ValueProviderContext { Caller = context.Model }, cancellationToken);
                    var passwords = new Dictionary<string, string?> { [server!] = await password.GetValueAsync(cancellationToken) };
                    return [new ContainerFile { Name = PasswordFile, Contents = JsonSerializer.Serialize(passwords) }];
                }
            );
    }

    private static IResourceBuilder<ExporterResource> AddExporter(
        this IDistributedApplicationBuilder builder,
        string name,
        string image,
        string tag,
        int port
    ) =>
        builder
            .AddResource(new ExporterResource(name))
            .WithImage(image, tag)
            .WithHttpEndpoint(targetPort: port, name: "http")
            .WithHttpHealthCheck("/")
            .WithUrlForEndpoint("http", url => url.DisplayLocation = UrlDisplayLocation.DetailsOnly)
            .WithIconName("Gauge");
}
