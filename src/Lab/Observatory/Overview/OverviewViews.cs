using Platform.Observatory.Deploys;
using Platform.Observatory.Findings;
using Platform.Observatory.Issues;
using Platform.Observatory.Text;

namespace Platform.Observatory.Overview;

/// <summary>View model of the overview; formatted values only. What cannot be computed is null and not shown.</summary>
public sealed record OverviewView
{
    public required TimeRange Range { get; init; }

    /// <summary>Describes the compared windows.</summary>
    public required string Description { get; init; }

    public required Finding? Finding { get; init; }

    public required Funnel? Funnel { get; init; }

    public required IReadOnlyList<ServiceRow> Services { get; init; }

    public required IReadOnlyList<QueueRow> Queues { get; init; }

    public required IReadOnlyList<IssueRow> Issues { get; init; }

    public required IReadOnlyList<DeployRow> Deploys { get; init; }
}

/// <summary>LastSeen is the last arrival of any signal. Lost are the dependencies that it reports as unreachable.</summary>
public sealed record ServiceRow(
    ServiceName Service,
    string State,
    string StateText,
    string Traces,
    Trend Rate,
    Trend Errors,
    Trend P95,
    string Release,
    bool IsNewRelease,
    string Instances,
    IReadOnlyList<LostRow> Lost,
    Moment LastSeen
);

public sealed record LostRow(string Name, Moment Since, string Href);

/// <summary>A queue and its consumer. Waits is the time that messages wait in it.</summary>
public sealed record QueueRow(string Queue, ServiceName Receiver, string Traces, Trend Rate, Trend Errors, Trend Waits);

/// <summary>A current value, the usual one if known, and its history. Class is bad when the value is outside its usual range.</summary>
public sealed record Trend(string Text, string Usual, string Class, IReadOnlyList<double?> Values);

public sealed record Funnel(
    string Placed,
    string Rate,
    string Waiting,
    string Oldest,
    bool IsStuck,
    string Paid,
    string Declined,
    string Fulfilled,
    string ToGo,
    string Text,
    string Flow,
    string Hold,
    string Drop
);
