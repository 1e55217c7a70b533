using System.Globalization;
using Microsoft.Extensions.Configuration;
using Platform.Prometheus;

namespace Platform.AppHost;

/// <summary>Prometheus with everything that it scrapes, and Alertmanager, which tells Observatory.</summary>
internal static class Metrics
{
    /// <summary>The secret that opens /metrics of every service.</summary>
    public const string Token = "metrics-token";

    /// <summary>The secret that Alertmanager sends to Observatory.</summary>
    private const string AlertToken = "alert-token";

    private const string IntervalKey = "Prometheus:Interval";
    private const string ForKey = "Prometheus:For";

    // Folders below targets/, as prometheus.yml names them.
    private const string Services = "services";
    private const string Observability = "observability";
    private const string Servers = "servers";
    private const string Queues = "queues";
    private const string Alertmanager = "alertmanager";

    /// <summary>Adds Prometheus, what it asks about the servers, and Observatory's own figures.</summary>
    public static IResourceBuilder<PrometheusResource> AddMetrics(
        this IDistributedApplicationBuilder builder,
        IResourceBuilder<PostgresServerResource> postgres,
        IResourceBuilder<RedisResource> redis,
        IResourceBuilder<RabbitMQServerResource> rabbitmq,
        IResourceBuilder<ProjectResource> observatory
    )
    {
        rabbitmq
            .WithHttpEndpoint(targetPort: 15692, name: "metrics")
            .WithUrlForEndpoint("metrics", url => url.DisplayLocation = UrlDisplayLocation.DetailsOnly);
        var postgresExporter = builder
            .AddPostgresExporter("postgres-exporter", postgres.Resource.PrimaryEndpoint, "postgres", postgres.Resource.PasswordParameter)
            .WithParentRelationship(postgres);
        var redisExporter = builder
            .AddRedisExporter("redis-exporter", redis.Resource.PrimaryEndpoint, redis.Resource.PasswordParameter!)
            .WithParentRelationship(redis);

        var prometheus = builder
            .AddPrometheus("prometheus", "../observability/prometheus", 9090)
            .WithSecretFile(Token, builder.Secret(Token))
            .WithTarget(Servers, "rabbitmq", rabbitmq.GetEndpoint("metrics"))
            .WithTarget(Queues, "rabbitmq-queues", rabbitmq.GetEndpoint("metrics"))
            .WithTarget(Servers, "postgres", postgresExporter.Resource.Http)
            .WithTarget(Servers, "redis", redisExporter.Resource.Http);
        prometheus.WithTarget(Servers, "prometheus", prometheus.Resource.Http);
        var alertmanager = builder
            .AddAlertmanager(Alertmanager, "../observability/alertmanager", 9093)
            .WithAddress("http://observatory", observatory.GetEndpoint("http"))
            .WithSecretFile(AlertToken, builder.Secret(AlertToken));
        prometheus
            .WithTarget(Alertmanager, Alertmanager, alertmanager.Resource.Http)
            .WithTarget(Servers, Alertmanager, alertmanager.Resource.Http);
        AddReceivers(builder, alertmanager);
        if (Seconds(builder.Configuration, ForKey) is { } hold)
        {
            prometheus.WithFor(hold);
        }

        if (Seconds(builder.Configuration, IntervalKey) is { } interval)
        {
            prometheus.WithInterval(interval);
            alertmanager.WithGroupWait(interval);
        }

        observatory
            .WithMetrics(prometheus, Observability, "Observatory__MetricsToken")
            .WithSecret("Observatory__AlertToken", AlertToken)
            .WithEnvironment("Observatory__PrometheusUrl", prometheus.Resource.Http)
            .WithEnvironment("Observatory__AlertmanagerUrl", alertmanager.Resource.Http);
        if (builder.ExecutionContext.IsRunMode)
        {
            observatory
                .WithEnvironment("Observatory__ObjectivesFile", FileOf(builder, "../observability/objectives/objectives.yml"))
                .WithEnvironment("Observatory__RunbookDirectory", FileOf(builder, "../docs/runbooks"));
        }

        return prometheus;
    }

    private static string FileOf(IDistributedApplicationBuilder builder, string path) => Path.GetFullPath(path, builder.AppHostDirectory);

    // Who is called beside Observatory; all are off.
    private static void AddReceivers(IDistributedApplicationBuilder builder, IResourceBuilder<AlertmanagerResource> alertmanager)
    {
        var settings = builder.Configuration.GetSection("Alerts");
        MustComeWith(settings, "MailServer", "MailTo", "whom it writes to");
        MustComeWith(settings, "MailTo", "MailServer", "the host and port of a mail server");
        MustComeWith(settings, "PagerUrl", "PagerKey", "the key of an integration");
        if (settings["ChatUrl"] is { Length: > 0 } chat)
        {
            MustBeAddress("Alerts:ChatUrl", chat);
            alertmanager.WithSection("chat").WithText("http://chat", builder.AddParameter("alert-chat-url", chat, secret: true));
        }

        if (settings["PagerKey"] is { Length: > 0 } pager)
        {
            var address = settings["PagerUrl"] ?? "https://events.pagerduty.com/v2/enqueue";
            MustBeAddress("Alerts:PagerUrl", address);
            alertmanager
                .WithSection("pager")
                .WithText("http://pager", address)
                .WithText("pager-key", builder.AddParameter("alert-pager-key", pager, secret: true));
        }

        if (settings["MailTo"] is { Length: > 0 } mail)
        {
            alertmanager.WithSection("mail").WithText("mail-to", mail).WithText("mail-server:25", settings["MailServer"]!);
        }
    }

    // One half of a receiver would be a receiver that nobody hears from.
    private static void MustComeWith(IConfigurationSection settings, string key, string other, string what)
    {
        if (settings[key] is { Length: > 0 } && settings[other] is not { Length: > 0 })
        {
            throw new StartRefusedException($"{settings.Path}:{key} needs {settings.Path}:{other}, {what}.");
        }
    }

    // Alertmanager would read it when the first alert is told, and nobody would hear of it.
    private static void MustBeAddress(string key, string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new StartRefusedException($"{key} is no address that begins with http:// or https://.");
        }
    }

    // Null without the setting: then what the files say holds.
    private static TimeSpan? Seconds(ConfigurationManager configuration, string key) =>
        configuration[key] is not { Length: > 0 } text ? null
        : double.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= 300 ? TimeSpan.FromSeconds(seconds)
        : throw new StartRefusedException($"{key}={text} is not known; leave it out or say {key}= and seconds, 1 to 300.");

    /// <summary>Scrapes each instance of the service, which asks for the token.</summary>
    public static IResourceBuilder<ProjectResource> WithMetrics(
        this IResourceBuilder<ProjectResource> service,
        IResourceBuilder<PrometheusResource> prometheus,
        string folder = Services,
        string variable = "Metrics__Token"
    )
    {
        prometheus.WithInstances(
            folder,
            service.GetEndpoint("management"),
            snapshot => InstanceDirectory.Read(snapshot) is var (id, management) ? new ScrapeInstance(id, management) : null
        );
        var builder = service.ApplicationBuilder;
        if (folder == Services && builder.Resources.OfType<AlertmanagerResource>().SingleOrDefault() is { } alertmanager)
        {
            builder.CreateResourceBuilder(alertmanager).WithSilenceOnRestart(service.Resource);
        }

        return service.WithSecret(variable, Token);
    }
}
