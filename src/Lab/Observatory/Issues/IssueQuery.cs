using System.Globalization;

namespace Platform.Observatory.Issues;

/// <summary>The filters of the list of issues; shared by the API and the page.</summary>
internal sealed record IssueQuery(
    IssueStatus? Status,
    string? Service,
    string? Release,
    string? Environment,
    string? Tenant,
    string? Text,
    int Limit
)
{
    public const int DefaultLimit = 100;
    public const int MaxLimit = 2_000;

    public static readonly IssueQuery All = new(null, null, null, null, null, null, MaxLimit);

    /// <summary>False with a sentence that says what is wrong.</summary>
    public static bool TryParse(IQueryCollection values, out IssueQuery query, out string error)
    {
        var status = Value(values, "status");
        var limit = DefaultLimit;
        query = new IssueQuery(
            IssueStatuses.Parse(status),
            Value(values, "service"),
            Value(values, "release"),
            Value(values, "environment"),
            Value(values, "tenant"),
            Value(values, "query"),
            limit
        );
        error = "";

        if (status is not null && query.Status is null)
        {
            error = "status must be new, ongoing, resolved, muted or regressed.";
            return false;
        }

        if (
            Value(values, "limit") is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit)
        )
        {
            error = $"limit must be between 1 and {MaxLimit}.";
            return false;
        }

        query = query with { Limit = limit };
        return true;
    }

    public bool Matches(IssueSummary issue) =>
        (Status is null || issue.Status == Status)
        && (Service is null || issue.Services.Contains(Service, StringComparer.OrdinalIgnoreCase))
        && (Release is null || issue.Releases.Contains(Release, StringComparer.Ordinal))
        && (Environment is null || issue.Environments.Contains(Environment, StringComparer.OrdinalIgnoreCase))
        && (
            Text is null
            || issue.Title.Contains(Text, StringComparison.OrdinalIgnoreCase)
            || issue.Culprit.Contains(Text, StringComparison.OrdinalIgnoreCase)
            || issue.Id == Text
        );

    private static string? Value(IQueryCollection values, string name) => values[name].ToString() is { Length: > 0 } text ? text : null;
}
