using Platform.Observatory.Alerts;

namespace Platform.Observatory.Tests;

/// <summary>Makes alerts.</summary>
internal static class Alerts
{
    public static Alert Fake(
        string name,
        string severity,
        DateTimeOffset start,
        DateTimeOffset? end = null,
        string impact = "none",
        string service = "orders",
        string view = "/traces"
    ) =>
        new(
            $"f-{name}",
            $"alertname={name}",
            name,
            service,
            severity,
            impact,
            "shop",
            $"{name} says something",
            "",
            view,
            $"docs/runbooks/{name}.md",
            "",
            "",
            null,
            start,
            end
        );
}
