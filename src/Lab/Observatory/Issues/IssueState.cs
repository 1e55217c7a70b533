namespace Platform.Observatory.Issues;

/// <summary>The persisted state of an issue, which outlives its events: new members must be optional.</summary>
internal sealed record IssueState(
    string Id,
    string Type,
    string Value,
    string Culprit,
    string Level,
    IssueStatus Status,
    DateTimeOffset ResolvedAt,
    string? ResolvedIn,
    long Count,
    DateTimeOffset FirstSeen,
    string? FirstRelease,
    DateTimeOffset LastSeen,
    IReadOnlyList<string> Releases,
    IReadOnlyList<string> Environments,
    IReadOnlyList<string> Services,
    int Users,
    bool UsersCapped,
    int Tenants,
    bool TenantsCapped
);
