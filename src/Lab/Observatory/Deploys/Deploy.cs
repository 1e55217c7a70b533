namespace Platform.Observatory.Deploys;

/// <summary>A release of a service that began to run. Source: telemetry (seen) or announced (posted).</summary>
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
/// What somebody outside says:
/// <c>{"service":"payments","release":"2026.11.21-9f4a21c","environment":"production","instances":["payments-1"]}</c>
/// </summary>
internal sealed record Announcement(string Service, string Release, string? Environment, IReadOnlyList<string> Instances);
