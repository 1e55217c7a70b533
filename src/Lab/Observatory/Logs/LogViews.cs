using Platform.Observatory.Charts;
using Platform.Observatory.Text;

namespace Platform.Observatory.Logs;

/// <summary>View model of the logs page; formatted values only.</summary>
public sealed record LogList
{
    public required IReadOnlyList<LogLine> Lines { get; init; }

    public required int Matching { get; init; }

    public required int Kept { get; init; }

    public required TimeRange Range { get; init; }

    public required string Resource { get; init; }

    public required string Severity { get; init; }

    public required string Search { get; init; }

    public required string TraceId { get; init; }

    public required IReadOnlyList<string> Services { get; init; }

    public required Histogram? Histogram { get; init; }

    public required LogDetails? Open { get; init; }

    public bool IsFiltered => Resource.Length > 0 || Severity.Length > 0 || Search.Length > 0 || TraceId.Length > 0 || !Range.IsAll;
}

/// <summary>
/// Id identifies the line in a URL. Offset is from the first line, when one trace is shown. Gap is the text of the separator before the
/// line.
/// </summary>
public sealed record LogLine(
    string Id,
    Moment Time,
    string Class,
    string Level,
    ServiceName Service,
    string Text,
    string Event,
    string TraceId
)
{
    public string Offset { get; init; } = "";

    public string Gap { get; init; } = "";
}

/// <summary>One line with its attributes and the lines around it.</summary>
public sealed record LogDetails(
    string Id,
    IReadOnlyList<Pair> Facts,
    IReadOnlyList<Pair> Attributes,
    IReadOnlyList<LogLine> Around,
    string AroundText,
    IReadOnlyList<PageLink> Links
);

/// <summary>Lines over time by level; each level is one path of bars.</summary>
public sealed record Histogram(
    IReadOnlyList<Dots> Bars,
    string Grid,
    IReadOnlyList<AxisMark> Levels,
    IReadOnlyList<TimeMark> Times,
    IReadOnlyList<Zone> Zones,
    IReadOnlyList<DeployMark> Deploys,
    IReadOnlyList<Zone> Faults,
    string Label
);
