namespace Platform.Observatory.Releases;

/// <summary>A release of a service that started running. Source: telemetry (seen) or announced (posted).</summary>
internal sealed record Deploy(
    string Id,
    DateTimeOffset Time,
    string Service,
    string Release,
    string? PreviousRelease,
    string? Environment,
    IReadOnlyList<string> Instances,
    string Source
)
{
    public const string Seen = "telemetry";
    public const string Announced = "announced";
}

/// <summary>
/// A deploy as it is posted:
/// <c>{"service":"payments","release":"2026.11.21-9f4a21c","environment":"production","instances":["payments-1"]}</c>
/// </summary>
internal sealed record Announcement(string Service, string Release, string? Environment, IReadOnlyList<string> Instances);

/// <summary>Links of a deploy.</summary>
internal sealed record DeployLinks(string Self, string Page, string Issues, string Traces)
{
    public static DeployLinks Of(Deploy deploy)
    {
        var (service, release) = (Uri.EscapeDataString(deploy.Service), Uri.EscapeDataString(deploy.Release));
        return new DeployLinks(
            Of(deploy.Service, deploy.Release),
            $"/deploys#d{deploy.Id}",
            $"/api/issues?service={service}&release={release}",
            $"/api/telemetry/traces?resource={service}&hasError=true&search={Uri.EscapeDataString($"release={deploy.Release}")}"
        );
    }

    /// <summary>The API URL of a release, announced or seen.</summary>
    public static string Of(string service, string release) =>
        $"/api/deploys?service={Uri.EscapeDataString(service)}&release={Uri.EscapeDataString(release)}";
}
