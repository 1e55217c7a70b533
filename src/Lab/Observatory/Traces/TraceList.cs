using Platform.Observatory.Charts;
using Platform.Observatory.Text;

namespace Platform.Observatory.Traces;

/// <summary>View model of the trace list; formatted values only.</summary>
public sealed record TraceList
{
    public required IReadOnlyList<TraceRow> Rows { get; init; }

    public required int Matching { get; init; }

    public required int Kept { get; init; }

    public required TimeRange Range { get; init; }

    public required string Resource { get; init; }

    public required string Route { get; init; }

    public required string Search { get; init; }

    public required bool ErrorsOnly { get; init; }

    public required string MinDuration { get; init; }

    public required string Sort { get; init; }

    public required string By { get; init; }

    public required int Page { get; init; }

    public required bool HasMore { get; init; }

    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>Names of roots, the most frequent first.</summary>
    public required IReadOnlyList<string> Routes { get; init; }

    public required Scatter? Scatter { get; init; }

    public required TraceGrouping? Groups { get; init; }

    public bool IsFiltered =>
        Resource.Length > 0 || Search.Length > 0 || ErrorsOnly || Route.Length > 0 || MinDuration.Length > 0 || !Range.IsAll;
}

public sealed record TraceRow(
    string TraceId,
    Moment Time,
    string Name,
    IReadOnlyList<ServiceName> Services,
    string Duration,
    string Spans,
    int Errors,
    IReadOnlyList<Bar> Bars
);

/// <summary>Duration of traces over time.</summary>
public sealed record Scatter(
    IReadOnlyList<Dots> Dots,
    string Grid,
    IReadOnlyList<AxisMark> Durations,
    IReadOnlyList<TimeMark> Times,
    IReadOnlyList<Zone> Zones,
    IReadOnlyList<DeployMark> Deploys,
    IReadOnlyList<Zone> Faults,
    string Label,
    string Note
);

public sealed record TraceGrouping(string By, IReadOnlyList<TraceGroupRow> Rows, string Note);

public sealed record TraceGroupRow(string Value, string Href, string Traces, string Share, string P95, string Errors);
