using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Resources;

/// <summary>How a resource does. The smaller the rank, the more it needs somebody; the class is the mark's.</summary>
internal sealed record ResourceStatus(int Rank, string Class, string State, string Health)
{
    private const int Broken = 0;
    private const int Unhealthy = 1;
    private const int Worrying = 2;
    private const int Pending = 3;
    private const int Ended = 4;
    private const int Fine = 5;

    public bool IsTrouble => Rank <= Worrying;

    public string Word => Rank switch
    {
        Broken => "failed",
        Unhealthy => "unhealthy",
        Worrying => "degraded",
        Pending => "waiting or starting",
        Ended => "stopped",
        _ => "running and healthy",
    };

    public static ResourceStatus Of(Resource resource, bool isStopped)
    {
        var state = resource.State.Length > 0 ? resource.State : "Unknown";
        var exitCode = ResourceFacts.ExitCode(resource);

        // Who stops a service sees whatever code it ends with; that is no failure.
        return state switch
        {
            "FailedToStart" or "RuntimeUnhealthy" => new(Broken, "bad", state, ""),
            "Finished" or "Exited" when isStopped => new(Ended, "", state, "stopped"),
            "Finished" or "Exited" when exitCode is { } code and not 0 => new(Broken, "bad", state, $"exit code {code}"),
            "Finished" or "Exited" => new(Ended, "", state, ""),
            "Running" or "Active" => OfHealth(resource, state),
            _ when resource.StateStyle == "error" => new(Broken, "bad", state, ""),
            _ when resource.StateStyle == "warning" || state == "ValueMissing" => new(Worrying, "warn", state, ""),
            "Waiting" => new(Pending, "wait", state, Waits(resource)),
            _ => new(Pending, "wait", state, ""),
        };
    }

    private static ResourceStatus OfHealth(Resource resource, string state)
    {
        var reports = resource.HealthReports;
        return reports.Count == 0 ? new(Fine, "ok", state, resource.ResourceType == "Parameter" ? "" : "no check")
            : reports.Any(report => report is { HasStatus: true, Status: HealthStatus.Unhealthy }) ? new(Unhealthy, "bad", state, "unhealthy: " + Keys(HealthStatus.Unhealthy))
            : reports.Any(report => report is { HasStatus: true, Status: HealthStatus.Degraded }) ? new(Worrying, "warn", state, "degraded: " + Keys(HealthStatus.Degraded))
            : reports.Any(report => !report.HasStatus) ? new(Pending, "wait", state, "not checked yet")
            : new(Fine, "ok", state, "healthy");

        string Keys(HealthStatus status) => string.Join(", ", reports.Where(report => report.HasStatus && report.Status == status).Select(report => report.Key));
    }

    private static string Waits(Resource resource)
    {
        var names = resource.Relationships.Where(relationship => relationship.Type == "WaitFor").Select(relationship => relationship.ResourceName).Distinct().ToList();
        return names.Count > 0 ? "waits for " + string.Join(", ", names) : "";
    }
}
