using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
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
        var resource = new AlertmanagerResource(name);
        return builder
            .AddResource(resource)
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
                async (context, cancellationToken) =>
                {
                    var values = new Dictionary<string, string>();
                    foreach (var (name, value) in resource.Names)
                    {
                        // Addresses differ for a container and for a process of this machine.
                        var caller = new ValueProviderContext { Caller = context.Model };
                        values[name] = (await value.GetValueAsync(caller, cancellationToken))!;
                    }

                    return ConfigurationFiles.Read(folder, text => Adapt(resource, values, text));
                }
            );
    }

    /// <summary>Puts an address in the place of a name in its files, as service discovery does: <c>http://observatory</c>.</summary>
    public static IResourceBuilder<AlertmanagerResource> WithAddress(
        this IResourceBuilder<AlertmanagerResource> alertmanager,
        string name,
        EndpointReference endpoint
    )
    {
        alertmanager.Resource.Names[name] = ReferenceExpression.Create($"{endpoint.Property(EndpointProperty.Url)}");
        return alertmanager.WithTunnelTo(endpoint);
    }

    /// <summary>Puts a text in the place of a name in its files.</summary>
    public static IResourceBuilder<AlertmanagerResource> WithText(
        this IResourceBuilder<AlertmanagerResource> alertmanager,
        string name,
        string text
    )
    {
        alertmanager.Resource.Names[name] = ReferenceExpression.Create($"{text}");
        return alertmanager;
    }

    /// <summary>
    /// Puts a secret in the place of a name in its files: for what it does not read from a file of its own beside them, such as
    /// <c>api_url</c> and <c>routing_key</c>, whose files are looked for from where it was started.
    /// </summary>
    public static IResourceBuilder<AlertmanagerResource> WithText(
        this IResourceBuilder<AlertmanagerResource> alertmanager,
        string name,
        IResourceBuilder<ParameterResource> secret
    )
    {
        alertmanager.Resource.Names[name] = ReferenceExpression.Create($"{secret}");
        return alertmanager;
    }

    /// <summary>Takes the lines that begin with <c>#name</c> and a blank into its configuration.</summary>
    public static IResourceBuilder<AlertmanagerResource> WithSection(this IResourceBuilder<AlertmanagerResource> alertmanager, string name)
    {
        alertmanager.Resource.Sections.Add(name);
        return alertmanager;
    }

    /// <summary>
    /// While somebody stops or restarts an instance of the resource, its alerts (label <c>job</c>) are silenced for a minute: nobody is
    /// told of what a deploy looks like, and of everything else, and of this from then on.
    /// </summary>
    public static IResourceBuilder<AlertmanagerResource> WithSilenceOnRestart(
        this IResourceBuilder<AlertmanagerResource> alertmanager,
        IResource resource
    )
    {
        if (alertmanager.Resource.Silenced.Count == 0 && alertmanager.ApplicationBuilder.ExecutionContext.IsRunMode)
        {
            alertmanager.ApplicationBuilder.Services.AddSingleton<IHostedService>(services =>
                ActivatorUtilities.CreateInstance<RestartSilences>(services, alertmanager.Resource)
            );
        }

        alertmanager.Resource.Silenced.Add(resource);
        return alertmanager;
    }

    /// <summary>How long it waits for more of a group before it tells of one, instead of what alertmanager.yml says.</summary>
    public static IResourceBuilder<AlertmanagerResource> WithGroupWait(
        this IResourceBuilder<AlertmanagerResource> alertmanager,
        TimeSpan wait
    )
    {
        alertmanager.Resource.GroupWait = wait;
        return alertmanager;
    }

    private static string Adapt(AlertmanagerResource alertmanager, Dictionary<string, string> values, string text)
    {
        var whole = alertmanager.Sections.Aggregate(text, ConfigurationFiles.WithSection);
        var adapted = values.Aggregate(whole, (now, name) => now.Replace(name.Key, name.Value, StringComparison.Ordinal));
        return alertmanager.GroupWait is { } wait ? ConfigurationFiles.WithGroupWait(adapted, wait) : adapted;
    }

    /// <summary>Writes the secret to the file secrets/name, for <c>credentials_file</c>.</summary>
    public static IResourceBuilder<AlertmanagerResource> WithSecretFile(
        this IResourceBuilder<AlertmanagerResource> alertmanager,
        string name,
        IResourceBuilder<ParameterResource> secret
    ) => alertmanager.WithSecretFile($"{AlertmanagerResource.ConfigurationFolder}/secrets", name, secret.Resource);
}
