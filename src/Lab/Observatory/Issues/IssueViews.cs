using Platform.Observatory.Charts;
using Platform.Observatory.Logs;
using Platform.Observatory.Text;

namespace Platform.Observatory.Issues;

/// <summary>View models of the issue list and the issue page; formatted values only.</summary>
public sealed record IssueList(
    IReadOnlyList<IssueRow> Rows,
    int Matching,
    string Status,
    string Service,
    string Text,
    IReadOnlyList<string> Services,
    string StoreText
)
{
    public bool IsFiltered => Status.Length > 0 || Service.Length > 0 || Text.Length > 0;
}

public sealed record IssueRow(
    string Id,
    string Type,
    string Value,
    string Culprit,
    string Status,
    IReadOnlyList<ServiceName> Services,
    string Count,
    string Users,
    Moment LastSeen,
    Moment FirstSeen,
    IReadOnlyList<Bar> OverTime
)
{
    public string Title => IssueTitle.Of(Type, Value);

    /// <summary>What the title does not say already.</summary>
    public string Detail => Title == Value ? "" : Value;
}

/// <summary>The title of an issue.</summary>
public static class IssueTitle
{
    // EventReader's type for an event without an exception; all of those would share one title.
    private const string Message = "message";

    /// <summary>The type of the exception without its namespace, which says little and is long; for a message its text.</summary>
    public static string Of(string type, string value) =>
        type == Message && value.Length > 0 ? value
        : type[(type.LastIndexOf('.') + 1)..] is { Length: > 0 } name ? name
        : type;
}

public sealed record IssueView
{
    public required IssueRow Row { get; init; }

    public required string Tenants { get; init; }

    public required IReadOnlyList<TrailStep> Trail { get; init; }

    public required IReadOnlyList<ExceptionView> Exceptions { get; init; }

    public required IReadOnlyList<CrumbView> Breadcrumbs { get; init; }

    public required IReadOnlyList<LogLine> Logs { get; init; }

    public required IReadOnlyList<Pair> Facts { get; init; }

    public required IReadOnlyList<TagView> Tags { get; init; }

    public required IReadOnlyList<EventRow> Events { get; init; }

    public required string EventsText { get; init; }
}

public sealed record ExceptionView(string Type, string Value, IReadOnlyList<FrameView> Ours, IReadOnlyList<FrameView> Others);

public sealed record FrameView(string Function, string Location, IReadOnlyList<CodeLine> Code);

public sealed record CodeLine(string Number, string Text, bool IsHit);

public sealed record CrumbView(Moment Time, string Class, string Text, string Detail);

/// <summary>The most frequent values with their shares; Note says why there are none.</summary>
public sealed record TagView(string Key, IReadOnlyList<Pair> Values, string Note);

public sealed record EventRow(Moment Time, string Release, string Tenant, string User, string TraceId);
