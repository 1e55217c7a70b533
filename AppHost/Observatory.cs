using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Platform.AppHost;

internal static partial class Observatory
{
    /// <summary>The dashboard: an explicit resource, with keys from the same configuration as Aspire's own.</summary>
    public static IResourceBuilder<ProjectResource> AddObservatory(this IDistributedApplicationBuilder builder, string name, IResourceBuilder<ParameterResource> sentryKey)
    {
        var token = builder.Configuration["AppHost:BrowserToken"];
        return builder.AddProject<Projects.Observatory>(name)
            .WithEnvironment("Observatory__BrowserToken", token)
            .WithEnvironment("Observatory__ApiKey", builder.Configuration["AppHost:DashboardApiKey"])
            .WithEnvironment("Observatory__OtlpApiKey", builder.Configuration["AppHost:OtlpApiKey"])
            .WithEnvironment("Observatory__SentryKey", sentryKey)

            // Where this AppHost tells of its resources, and the key for it.
            .WithEnvironment("Observatory__ResourceServiceUrl", builder.Configuration["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"])
            .WithEnvironment("Observatory__ResourceServiceApiKey", builder.Configuration["AppHost:ResourceService:ApiKey"])

            // Its history survives a restart of Observatory; with a folder of one's own, a restart of everything.
            .WithEnvironment("Observatory__DataDirectory", builder.Configuration["Observatory:DataDirectory"] ?? builder.CreateScratchDirectory(name))
            .WithHttpHealthCheck("/health", endpointName: "management")
            .WithExternalHttpEndpoints()
            .OnResourceReady((resource, ready, _) =>
            {
                var url = resource.GetEndpoint("http").Url;
                var logger = ready.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Aspire.Hosting.DistributedApplication");
                LogLogin(logger, string.IsNullOrEmpty(token) ? url : $"{url}/login?t={token}");
                return Task.CompletedTask;
            });
    }

    /// <summary>What ServiceDefaults of every service needs: where telemetry goes, and the key for its management endpoints.</summary>
    public static IResourceBuilder<ProjectResource> WithServiceDefaults(
        this IResourceBuilder<ProjectResource> project, IResourceBuilder<ProjectResource> observatory, IResourceBuilder<ParameterResource> sentryKey,
        IResourceBuilder<ParameterResource> managementKey) => project
        .WithReference(observatory.GetEndpoint("otlp-grpc"))
        .WithReference(observatory.GetEndpoint("http"))
        .WithEnvironment("Observatory__SentryKey", sentryKey)
        .WithEnvironment("Observatory__OtlpApiKey", project.ApplicationBuilder.Configuration["AppHost:OtlpApiKey"])
        .WithEnvironment("Management__Key", managementKey)
        .WithHttpHealthCheck("/health", endpointName: "management");

    [LoggerMessage(EventId = 9201, Level = LogLevel.Information, Message = "Login to the dashboard at {Url}")]
    private static partial void LogLogin(ILogger logger, string url);
}
