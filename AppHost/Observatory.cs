using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Platform.AppHost;

internal static partial class Observatory
{
    /// <summary>The secret in the DSN of every service.</summary>
    public const string SentryKey = "sentry-key";

    /// <summary>
    /// What is wrong, for whom, since which deploy: receives all telemetry and passes it on to Aspire's dashboard. People come in with the
    /// token of that dashboard, programs with its API key.
    /// </summary>
    public static IResourceBuilder<ProjectResource> AddObservatory(this IDistributedApplicationBuilder builder, string name)
    {
        var token = builder.Configuration["AppHost:BrowserToken"];
        var observatory = builder
            .AddProject<Projects.Observatory>(name)
            .WithEnvironment("Observatory__BrowserToken", token)
            .WithEnvironment("Observatory__ApiKey", builder.Configuration["AppHost:DashboardApiKey"])
            .WithEnvironment("Observatory__OtlpApiKey", builder.Configuration["AppHost:OtlpApiKey"])
            .WithSecret("Observatory__SentryKey", SentryKey)
            .WithOtlpApiKey()
            .WithEnvironment(ForwardToDashboard)
            .WithHttpHealthCheck("/health", endpointName: "management")
            .WithoutProxy("otlp-grpc", "otlp-http")
            .WithExternalHttpEndpoints()
            .WithIconName("DesktopPulse")
            .WithUrls(context =>
            {
                foreach (var url in context.Urls)
                {
                    var isPages = url.Endpoint?.EndpointName == "http";
                    url.DisplayText = isPages ? "Observatory" : url.Endpoint?.EndpointName;
                    url.DisplayLocation = isPages ? UrlDisplayLocation.SummaryAndDetails : UrlDisplayLocation.DetailsOnly;
                    url.Url = isPages ? LoginAddress(url.Url, token, "/") : url.Url;
                }
            })
            .OnResourceReady(
                (resource, ready, _) =>
                {
                    var logger = ready.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Aspire.Hosting.DistributedApplication");
                    var address = LoginAddress(resource.GetEndpoint("http").Url, token, "/");
                    LogLogin(logger, address);
                    return Task.CompletedTask;
                }
            );

        // Its history survives a restart of Observatory; with a folder of one's own, a restart of everything.
        _ = builder.Configuration["Observatory:DataDirectory"] is { Length: > 0 } directory
            ? observatory.WithEnvironment("Observatory__DataDirectory", directory)
            : observatory.WithScratchDirectory("Observatory__DataDirectory");

        // Issues of one's own Sentry stay: what services report goes through Observatory and on to it.
        if (builder.Configuration["SENTRY_DSN"] is { Length: > 0 } dsn)
        {
            observatory.WithEnvironment("Observatory__ForwardDsn", dsn);
        }

        return observatory.StartAgain();
    }

    /// <summary>
    /// The key that the receivers of this run were given. Aspire reads it anew at each start of a project, from configuration that follows
    /// the file of user secrets; and that file another AppHost writes too.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithOtlpApiKey(this IResourceBuilder<ProjectResource> project)
    {
        var key = project.ApplicationBuilder.Configuration["AppHost:OtlpApiKey"];
        return string.IsNullOrEmpty(key) ? project : project.WithEnvironment("OTEL_EXPORTER_OTLP_HEADERS", $"x-otlp-api-key={key}");
    }

    // The address and key that Aspire gives every project are its dashboard's. Observatory's own telemetry goes there without passing
    // Observatory.
    private static void ForwardToDashboard(EnvironmentCallbackContext context)
    {
        var variables = context.EnvironmentVariables;
        if (!variables.TryGetValue("OTEL_EXPORTER_OTLP_ENDPOINT", out var endpoint))
        {
            return;
        }

        variables["Observatory__Forward__dashboard__Name"] = "aspire-dashboard";
        variables["Observatory__Forward__dashboard__Endpoint"] = endpoint;
        variables["Observatory__Forward__dashboard__Protocol"] = variables["OTEL_EXPORTER_OTLP_PROTOCOL"];
        variables["Observatory__Forward__dashboard__Headers"] = variables.GetValueOrDefault("OTEL_EXPORTER_OTLP_HEADERS", "");

        // On the same machine bytes cost less than packing them. It takes some 3,000 spans a second with all of a processor; the rest is
        // thinned by trace.
        variables["Observatory__Forward__dashboard__Compression"] = "none";
        variables["Observatory__Forward__dashboard__MaxSpansPerSecond"] = "1000";
        if (
            context
                .ExecutionContext.Services.GetRequiredService<DistributedApplicationModel>()
                .Resources.SingleOrDefault(resource => resource.Name == "aspire-dashboard")
            is IResourceWithEndpoints dashboard
        )
        {
            variables["Observatory__DashboardUrl"] = dashboard.GetEndpoint("http");
        }

        KeepOurRules(context);
    }

    /// <summary>
    /// Aspire sets for every project in Development what suits a first look at an application, and not the rules here: a caller's decision
    /// on sampling holds, queries of addresses and prompts of language models are not recorded, and metrics need not come every second.
    /// </summary>
    public static void KeepOurRules(EnvironmentCallbackContext context)
    {
        var variables = context.EnvironmentVariables;
        variables["OTEL_TRACES_SAMPLER"] = "parentbased_always_on";
        variables["OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION"] = "false";
        variables["OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION"] = "false";
        variables["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "false";
        variables["OTEL_METRIC_EXPORT_INTERVAL"] = "5000";

        // What telemetry's receiver misses while it is away is sent again until then; a queue holds 2,048 spans meanwhile, and what it has
        // no room for is counted by the SDK. A batch that reaches the limit is lost and not counted: it is longer than any start. Nor is a
        // batch counted whose receiver died in the middle of it: over gRPC the SDK does not send that one again.
        variables["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "in_memory";
        variables["OTEL_EXPORTER_OTLP_TIMEOUT"] = RetryFor.TotalMilliseconds.ToString(CultureInfo.InvariantCulture);
    }

    private static readonly TimeSpan RetryFor = TimeSpan.FromMinutes(10);

    public static string LoginAddress(string pages, string? token, string returnUrl) =>
        string.IsNullOrEmpty(token) ? $"{pages}{returnUrl}" : $"{pages}/login?t={token}&returnUrl={Uri.EscapeDataString(returnUrl)}";

    [LoggerMessage(EventId = 9201, Level = LogLevel.Information, Message = "Observatory is at {Url}")]
    private static partial void LogLogin(ILogger logger, string url);
}
