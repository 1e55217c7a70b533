using Aspire.Hosting.ApplicationModel;
using Platform.Prometheus;

namespace Aspire.Hosting;

public static class AlertmanagerExtensions
{
    /// <summary>
    /// Adds an Alertmanager. Its configuration is a folder with an alertmanager.yml, whose paths are relative to it:
    /// <c>templates/*.tmpl</c>, <c>secrets/name</c> (see <see cref="WithSecretFile"/>).
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">Name of the resource.</param>
    /// <param name="configuration">The folder; relative to the AppHost.</param>
    /// <param name="port">Port on this machine; 9093 is what people expect.</param>
    public static IResourceBuilder<AlertmanagerResource> AddAlertmanager(
        this IDistributedApplicationBuilder builder,
        string name,
        string configuration,
        int? port = null
    )
    {
        var folder = Path.GetFullPath(configuration, builder.AppHostDirectory);
        return builder
            .AddResource(new AlertmanagerResource(name))
            .WithImage("prom/alertmanager", "v0.27.0")
            .WithImageRegistry("docker.io")
            .WithHttpEndpoint(port, AlertmanagerResource.Port, "http")
            .WithHttpHealthCheck("/-/ready")
            .WithIconName("Alert")
            .WithArgs(
                $"--config.file={AlertmanagerResource.ConfigurationFolder}/alertmanager.yml",
                "--storage.path=/alertmanager",
                // One of a kind: no gossip, and no port for it.
                "--cluster.listen-address="
            )
            .WithContainerFiles(
                AlertmanagerResource.ConfigurationFolder,
                (_, _) => Task.FromResult(ConfigurationFiles.Read(folder, text => text))
            );
    }

    /// <summary>Writes the secret to the file secrets/name, for <c>credentials_file</c> and <c>url_file</c>.</summary>
    public static IResourceBuilder<AlertmanagerResource> WithSecretFile(
        this IResourceBuilder<AlertmanagerResource> alertmanager,
        string name,
        IResourceBuilder<ParameterResource> secret
    ) => alertmanager.WithSecretFile($"{AlertmanagerResource.ConfigurationFolder}/secrets", name, secret.Resource);
}
