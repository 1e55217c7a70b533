using Aspire.Hosting.ApplicationModel;

namespace Platform.Prometheus;

/// <summary>A Prometheus server: scrapes what it is told to, and evaluates recording rules and alerts.</summary>
public sealed class PrometheusResource(string name) : ContainerResource(name)
{
    internal const int Port = 9090;
    internal const string ConfigurationFolder = "/etc/prometheus";

    /// <summary>Its pages and its query API.</summary>
    public EndpointReference Http => new(this, "http");

    internal TimeSpan? Interval { get; set; }

    internal TimeSpan? For { get; set; }

    // Bounded by the model.
    internal List<StaticTarget> StaticTargets { get; } = [];

    internal List<InstanceTargets> InstanceTargets { get; } = [];
}

/// <summary>An Alertmanager: groups, silences and routes alerts.</summary>
public sealed class AlertmanagerResource(string name) : ContainerResource(name)
{
    internal const int Port = 9093;
    internal const string ConfigurationFolder = "/etc/alertmanager";

    // What stands in its files for what is known later. Bounded by the model.
    internal Dictionary<string, ReferenceExpression> Names { get; } = [];

    // Optional parts of its files that are on.
    internal HashSet<string> Sections { get; } = new(StringComparer.Ordinal);

    // Whose restarts are silenced. Bounded by the model.
    internal HashSet<IResource> Silenced { get; } = [];

    internal TimeSpan? GroupWait { get; set; }

    /// <summary>Its pages and its API.</summary>
    public EndpointReference Http => new(this, "http");
}

/// <summary>Exports the metrics of another server, which cannot do so itself.</summary>
public sealed class ExporterResource(string name) : ContainerResource(name)
{
    /// <summary>Where /metrics is.</summary>
    public EndpointReference Http => new(this, "http");
}
