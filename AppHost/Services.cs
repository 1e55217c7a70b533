using Microsoft.Extensions.DependencyInjection;
using Platform.Prometheus;

namespace Platform.AppHost;

internal static class Services
{
    /// <summary>The secret that management endpoints require for changes.</summary>
    private const string ManagementKey = "management-key";

    /// <summary>
    /// Adds a service of the shop with what each one gets: telemetry, metrics, health, management key, links to its traces and issues, the
    /// deploy command, and its configured replicas.
    /// </summary>
    public static IResourceBuilder<ProjectResource> AddService<TProject>(
        this IDistributedApplicationBuilder builder,
        string name,
        string icon,
        IResourceBuilder<ProjectResource> observatory,
        IResourceBuilder<PrometheusResource> prometheus
    )
        where TProject : IProjectMetadata, new() =>
        builder
            .AddProject<TProject>(name)
            .WithIconName(icon)
            .WithServiceDefaults(observatory)
            .WithMetrics(prometheus)
            .WithSettingsFile()
            .WithDeploys()
            .WithConfiguredReplicas();

    /// <summary>Adds messaging over the broker, and a command to resend dead letters.</summary>
    public static IResourceBuilder<ProjectResource> WithMessaging(
        this IResourceBuilder<ProjectResource> service,
        IResourceBuilder<RabbitMQServerResource> rabbitmq
    ) =>
        service
            .WithReference(rabbitmq)
            .WithHttpCommand(
                "/dead-letters/send-again",
                "Send dead letters again",
                endpointName: "management",
                commandName: "send-dead-letters-again",
                commandOptions: new HttpCommandOptions
                {
                    Description = "Puts each dead letter of this service back into the queue it came from.",
                    PrepareRequest = context => context.AddHeaderAsync("X-Management-Key", ManagementKey),
                }
            );

    /// <summary>The file of settings that change while the service runs; see AddSwitches in src/Shop/Infrastructure.</summary>
    public static string SettingsFileOf(this IDistributedApplicationBuilder builder, string service) =>
        Path.Combine(builder.RunFolder().Create("settings"), $"{service}.json");

    private static IResourceBuilder<ProjectResource> WithSettingsFile(this IResourceBuilder<ProjectResource> service) =>
        service.ApplicationBuilder.ExecutionContext.IsPublishMode
            ? service
            : service.WithEnvironment("Settings__File", service.ApplicationBuilder.SettingsFileOf(service.Resource.Name));

    /// <summary>What ServiceDefaults needs: where to send telemetry, and the management key.</summary>
    private static IResourceBuilder<ProjectResource> WithServiceDefaults(
        this IResourceBuilder<ProjectResource> project,
        IResourceBuilder<ProjectResource> observatory
    )
    {
        var builder = project.ApplicationBuilder;
        var pages = observatory.GetEndpoint("http");
        var sentryKey = builder.Secret(Observatory.SentryKey);
        project
            .WithSecret("Management__Key", ManagementKey)
            .WithOtlpApiKey()
            .WithEnvironment(
                "SENTRY_DSN",
                ReferenceExpression.Create(
                    $"{pages.Property(EndpointProperty.Scheme)}://{sentryKey}@{pages.Property(EndpointProperty.HostAndPort)}/1"
                )
            )
            .WithEnvironment(Observatory.ResetDevelopmentDefaults)
            .WithHttpHealthCheck("/health", endpointName: "management")
            .WithUrls(context =>
            {
                // Only the gateway is of use in a browser.
                foreach (
                    var url in context.Urls.Where(url => url.Endpoint?.EndpointName == "management" || project.Resource.Name != "gateway")
                )
                {
                    url.DisplayLocation = UrlDisplayLocation.DetailsOnly;
                }

                var token = builder.Configuration["AppHost:BrowserToken"];
                foreach (var (page, text) in new[] { ("/traces?resource=", "Its traces"), ("/issues?service=", "Its issues") })
                {
                    var address = Observatory.LoginAddress(pages.Url, token, page + project.Resource.Name);
                    context.Urls.Add(new ResourceUrlAnnotation { Url = address, DisplayText = text });
                }
            });

        // Telemetry=direct bypasses Observatory: Aspire's variables stay and point to its dashboard. Over HTTP, because a batch whose
        // receiver dies before it responds is retried then, and lost without a count over gRPC (TelemetryOutageTests).
        return builder.Configuration.Choice("Telemetry", "direct") is not null
            ? project
            : project
                .WithEnvironment("OTEL_EXPORTER_OTLP_ENDPOINT", observatory.GetEndpoint("otlp-http"))
                .WithEnvironment("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
    }

    /// <summary>Adds the named secret as a header of a command's request.</summary>
    public static async Task AddHeaderAsync(this HttpCommandRequestContext context, string header, string secret)
    {
        var model = context.Services.GetRequiredService<DistributedApplicationModel>();
        var parameter = model.Resources.OfType<ParameterResource>().Single(parameter => parameter.Name == secret);
        context.Request.Headers.Add(header, await parameter.GetValueAsync(context.CancellationToken));
    }
}
