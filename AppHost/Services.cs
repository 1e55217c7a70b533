using Microsoft.Extensions.DependencyInjection;

namespace Platform.AppHost;

internal static class Services
{
    /// <summary>The secret without which a service's management endpoints change nothing.</summary>
    private const string ManagementKey = "management-key";

    /// <summary>
    /// A service of the shop, with what each of them gets: where telemetry goes, health, the key for its management endpoints, links to its
    /// traces and issues, the command that deploys it, and as many replicas as configured.
    /// </summary>
    public static IResourceBuilder<ProjectResource> AddService<TProject>(
        this IDistributedApplicationBuilder builder,
        string name,
        string icon,
        IResourceBuilder<ProjectResource> observatory
    )
        where TProject : IProjectMetadata, new() =>
        builder.AddProject<TProject>(name).WithIconName(icon).WithServiceDefaults(observatory).WithDeploys().WithConfiguredReplicas();

    /// <summary>Outbox, inbox and consumers over the broker, and a command for their dead letters.</summary>
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

    /// <summary>What ServiceDefaults of every service needs: where telemetry goes, and the key for its management endpoints.</summary>
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
            .WithEnvironment(Observatory.KeepOurRules)
            .WithHttpHealthCheck("/health", endpointName: "management")
            .WithUrls(context =>
            {
                // Only the gateway has something to show to a person.
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

        // Telemetry=direct leaves Observatory out: Aspire's own variables stay, and lead to its dashboard. Over HTTP, since a batch whose
        // receiver dies before it answers is sent again then, and over gRPC lost without a count (TelemetryOutageTests).
        return builder.Configuration.Choice("Telemetry", "direct") is not null
            ? project
            : project
                .WithEnvironment("OTEL_EXPORTER_OTLP_ENDPOINT", observatory.GetEndpoint("otlp-http"))
                .WithEnvironment("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
    }

    /// <summary>The secret of that name as a header of a command's request.</summary>
    public static async Task AddHeaderAsync(this HttpCommandRequestContext context, string header, string secret)
    {
        var model = context.Services.GetRequiredService<DistributedApplicationModel>();
        var parameter = model.Resources.OfType<ParameterResource>().Single(parameter => parameter.Name == secret);
        context.Request.Headers.Add(header, await parameter.GetValueAsync(context.CancellationToken));
    }
}
