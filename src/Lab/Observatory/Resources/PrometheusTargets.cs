using Platform.Observatory.Query;
using Platform.Observatory.Resources.Wire;
using Platform.Observatory.Store;

namespace Platform.Observatory.Resources;

/// <summary>
/// Where Prometheus finds metrics, in the form of its http_sd: the management endpoint of each instance that has been started. An instance
/// leaves when somebody stops it, and not when it dies, so that a dead one shows as a target that is down.
/// </summary>
internal static class PrometheusTargets
{
    private const string Endpoint = "management";

    /// <summary>The address of one instance, where the one that people use leads to any of several.</summary>
    private const string OwnAddress = "Kestrel__Endpoints__management__Url";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/prometheus/targets", ListAsync);

    private static async Task<IResult> ListAsync(ResourceBoard board, Listeners listeners, TelemetryApi telemetry, TelemetryStore store, CancellationToken cancellationToken)
    {
        var state = board.State;

        if (!state.WasFilled)
        {
            // Of an empty list Prometheus would believe that everything was stopped; after a failure it keeps what it has.
            return TypedResults.Problem(
                ViewParts.BannerTitle(state.Connection) + ". " + state.Connection.Reason, statusCode: StatusCodes.Status503ServiceUnavailable, title: "Targets are not known");
        }

        await telemetry.SettledAsync(cancellationToken);
        var releases = new InstanceReleases(store);
        var self = listeners.PortOf(Listener.Management);
        return TypedResults.Ok(ResourceGroup.Of(state, withHidden: true)
            .SelectMany(group => group.Instances.Where(instance => IsTarget(instance.Resource, state)).Select(instance => Target(group, instance, self, releases)))
            .OfType<TargetGroup>());
    }

    private static bool IsTarget(Resource resource, BoardState state) => resource.StartedAt is not null && resource.State != "Stopping" && !state.Stopped.Contains(resource.Name);

    private static TargetGroup? Target(ResourceGroup group, ResourceInstance instance, int self, InstanceReleases releases)
    {
        var resource = instance.Resource;
        var own = resource.Environment.FirstOrDefault(variable => variable.Name == OwnAddress)?.Value;
        var shared = resource.Urls.FirstOrDefault(url => url.EndpointName == Endpoint)?.FullUrl;
        var address = own is { Length: > 0 } ? own.Replace("//*", "//localhost", StringComparison.Ordinal).Replace("//+", "//localhost", StringComparison.Ordinal)
            : group.Instances.Count == 1 ? shared
            : null;

        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || (url.IsLoopback && url.Port == self))
        {
            // Observatory itself has no metrics.
            return null;
        }

        var suffix = resource.Name.StartsWith(group.Name + "-", StringComparison.OrdinalIgnoreCase) ? resource.Name[(group.Name.Length + 1)..] : resource.Name;
        var labels = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["__scheme__"] = url.Scheme,
            ["__metrics_path__"] = "/metrics",
            ["job"] = group.Name,
            ["instance"] = resource.Name,
            ["service_name"] = group.Name,
            ["service_instance_id"] = suffix,
        };

        // Known once the instance has sent telemetry.
        if (releases.Of(group.Name, suffix, resource.Name) is { } release)
        {
            labels["service_version"] = release;
        }

        return new TargetGroup([url.Authority], labels);
    }

    private sealed record TargetGroup(IReadOnlyList<string> Targets, IReadOnlyDictionary<string, string> Labels);
}
