using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Platform.AppHost;

internal static partial class Observatory
{
    /// <summary>The secret in every service's DSN.</summary>
    public const string SentryKey = "sentry-key";

    /// <summary>
    /// Adds Observatory, which receives all telemetry and forwards it to Aspire's dashboard. It accepts the dashboard's browser token and
    /// API key.
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
            .WithoutProxy("http", "otlp-grpc", "otlp-http", "management")
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

        // The history survives a restart of Observatory; with a configured folder, a restart of everything.
        _ = builder.Configuration["Observatory:DataDirectory"] is { Length: > 0 } directory
            ? observatory.WithEnvironment("Observatory__DataDirectory", directory)
            : observatory.WithScratchDirectory("Observatory__DataDirectory");

        // With SENTRY_DSN set, services still report to Observatory, which forwards.
        if (builder.Configuration["SENTRY_DSN"] is { Length: > 0 } dsn)
        {
            observatory.WithEnvironment("Observatory__ForwardDsn", dsn);
        }

        return observatory.RestartOnFailure();
    }

    /// <summary>
    /// Pins the OTLP key of this run. Aspire rereads it whenever a project starts, from user secrets that another AppHost may have
    /// rewritten.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithOtlpApiKey(this IResourceBuilder<ProjectResource> project)
    {
        var key = project.ApplicationBuilder.Configuration["AppHost:OtlpApiKey"];
        return string.IsNullOrEmpty(key) ? project : project.WithEnvironment("OTEL_EXPORTER_OTLP_HEADERS", $"x-otlp-api-key={key}");
    }

    // The OTLP address and key from Aspire are its dashboard's: Observatory's own telemetry goes there directly.
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

        // No compression: on one machine bytes are cheaper. The dashboard takes some 3,000 spans a second with a whole processor; the rest
        // is thinned by trace.
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

        ResetDevelopmentDefaults(context);
    }

    /// <summary>
    /// Undoes settings that Aspire makes for every project in Development: here a caller's sampling decision holds, query strings and
    /// prompts are not recorded, and metrics need not be exported every second.
    /// </summary>
    public static void ResetDevelopmentDefaults(EnvironmentCallbackContext context)
    {
        var variables = context.EnvironmentVariables;
        variables["OTEL_TRACES_SAMPLER"] = "parentbased_always_on";
        variables["OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION"] = "false";
        variables["OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION"] = "false";
        variables["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "false";
        variables["OTEL_METRIC_EXPORT_INTERVAL"] = "5000";

        // Limits retries while the receiver is unavailable; meanwhile a queue holds 2,048 spans, and the SDK counts what overflows. A batch
        // that times out is lost without a count, so this is longer than any restart. Over gRPC a batch whose receiver dies midway is
        // neither retried nor counted.
        variables["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "in_memory";
        variables["OTEL_EXPORTER_OTLP_TIMEOUT"] = RetryFor.TotalMilliseconds.ToString(CultureInfo.InvariantCulture);
    }

    private static readonly TimeSpan RetryFor = TimeSpan.FromMinutes(10);

    public static string LoginAddress(string pages, string? token, string returnUrl) =>
        string.IsNullOrEmpty(token) ? $"{pages}{returnUrl}" : $"{pages}/login?t={token}&returnUrl={Uri.EscapeDataString(returnUrl)}";

    [LoggerMessage(EventId = 9201, Level = LogLevel.Information, Message = "Observatory is at {Url}")]
    private static partial void LogLogin(ILogger logger, string url);
}
