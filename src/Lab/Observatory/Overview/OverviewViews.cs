using Platform.Observatory.Deploys;
using Platform.Observatory.Issues;
using Platform.Observatory.Text;

namespace Platform.Observatory.Overview;

/// <summary>What the overview shows; numbers and words only. What cannot be computed is null and not shown.</summary>
public sealed record OverviewView
{
    public required TimeRange Range { get; init; }

    /// <summary>What counts as now, and against what.</summary>
    public required string Explained { get; init; }

    public required Finding? Finding { get; init; }

    public required Funnel? Funnel { get; init; }

    public required IReadOnlyList<ServiceRow> Services { get; init; }

    public required IReadOnlyList<QueueRow> Queues { get; init; }

    public required IReadOnlyList<IssueRow> Issues { get; init; }

    public required IReadOnlyList<DeployRow> Deploys { get; init; }
}

/// <summary>What fails or is slow now, and who is affected.</summary>
public sealed record Finding(string What, string Who, Moment Since, string After, string AfterHref, string Traces, string Example);

/// <summary>LastSeen: when anything of it arrived. Lost: what it says that it cannot reach.</summary>
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

/// <summary>A queue and who receives from it. Waits: how long messages lay there.</summary>
public sealed record QueueRow(string Queue, ServiceName Receiver, string Traces, Trend Rate, Trend Errors, Trend Waits);

/// <summary>A figure of now, what is usual where that is known, and its way here. Class is bad when it left its usual band.</summary>
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
