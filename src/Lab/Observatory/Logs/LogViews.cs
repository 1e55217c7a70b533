using Platform.Observatory.Charts;
using Platform.Observatory.Text;

namespace Platform.Observatory.Logs;

/// <summary>What the page of the logs shows; numbers and words only.</summary>
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
/// Id: names the line in an address. Offset: from the first line of the trace, where only one is shown. Gap: what stands before it.
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

/// <summary>One line with all that it carries, and what was written around it.</summary>
public sealed record LogDetails(
    string Id,
    IReadOnlyList<Pair> Facts,
    IReadOnlyList<Pair> Attributes,
    IReadOnlyList<LogLine> Around,
    string AroundText,
    IReadOnlyList<PageLink> Links
);

/// <summary>Lines over time by level; each look is one path of bars.</summary>
public sealed record Histogram(
    IReadOnlyList<Dots> Bars,
    string Grid,
    IReadOnlyList<AxisMark> Levels,
    IReadOnlyList<TimeMark> Times,
    IReadOnlyList<Zone> Zones,
    IReadOnlyList<DeployMark> Deploys,
    string Label
);
