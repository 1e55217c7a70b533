namespace Platform.Observatory.Pages;

/// <summary>What stands around every page: the look that the reader chose, and how full the store is.</summary>
public sealed record PageFrame
{
    /// <summary>light, dark, or empty: like the system.</summary>
    public required string Theme { get; init; }

    /// <summary>Path and query of the page, to come back to.</summary>
    public required string Address { get; init; }

    /// <summary>Of the pages of this process; the navigation leads to no other.</summary>
    public required IReadOnlySet<string> Addresses { get; init; }

    public required AspireDashboard Dashboard { get; init; }

    public required int NewIssues { get; init; }

    public required string StoreText { get; init; }

    public required string StorePercent { get; init; }

    public required string RefusedText { get; init; }
}
