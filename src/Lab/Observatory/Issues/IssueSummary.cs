namespace Platform.Observatory.Issues;

/// <summary>An issue as lists show it.</summary>
internal sealed record IssueSummary
{
    public required string Id { get; init; }

    public required string Title { get; init; }

    public required string Type { get; init; }

    public required string Value { get; init; }

    public required string Culprit { get; init; }

    public required string Level { get; init; }

    public required IssueStatus Status { get; init; }

    public required long Count { get; init; }

    public required DateTimeOffset FirstSeen { get; init; }

    public required DateTimeOffset LastSeen { get; init; }

    public required int Users { get; init; }

    /// <summary>True when there are more than were counted.</summary>
    public required bool UsersCapped { get; init; }

    public required int Tenants { get; init; }

    public required bool TenantsCapped { get; init; }

    public required IReadOnlyList<string> Services { get; init; }

    public required IReadOnlyList<string> Releases { get; init; }

    public required IReadOnlyList<string> Environments { get; init; }

    public required string? FirstRelease { get; init; }

    public required string? ResolvedIn { get; init; }

    public required IssueLinks Links { get; init; }
}

internal sealed record IssueLinks(string Self, string Events, string Page);

/// <summary>An issue as its page shows it.</summary>
internal sealed record IssueDetails(
    IssueSummary Issue,
    IReadOnlyList<CountAt> OverTime,
    IReadOnlyList<TagShare> Tags,
    int EventsKept,
    ErrorEvent? Latest
);
