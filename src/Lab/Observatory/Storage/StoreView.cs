using Platform.Observatory.Text;

namespace Platform.Observatory.Storage;

/// <summary>View model of the store page; formatted values only.</summary>
public sealed record StoreView
{
    public required Moment Since { get; init; }

    /// <summary>A sentence for each kind of loss; empty when nothing was lost.</summary>
    public required IReadOnlyList<string> Lost { get; init; }

    public required IReadOnlyList<SignalRow> Signals { get; init; }

    public required IReadOnlyList<Pair> Refusals { get; init; }

    public required IReadOnlyList<Pair> Errors { get; init; }

    /// <summary>A row for each destination and signal; empty without forwarding.</summary>
    public required IReadOnlyList<ForwardRow> Forward { get; init; }

    /// <summary>Null without a data directory.</summary>
    public required IReadOnlyList<Pair>? History { get; init; }

    public required IReadOnlyList<SenderRow> Senders { get; init; }

    public required string MoreSenders { get; init; }
}

/// <summary>Kept and the sizes are empty for a signal that is only counted.</summary>
public sealed record SignalRow(
    string Name,
    string Received,
    string Refused,
    string Dropped,
    string Duplicates,
    string Late,
    string Ahead,
    string Evicted,
    string Kept,
    string Of,
    string FullPercent,
    string Bytes,
    string MaxBytes
);

/// <summary>
/// Error is empty when nothing has failed, and IsFailing says whether the failure lasts; Share is empty while all traces are sent.
/// </summary>
public sealed record ForwardRow(
    string Destination,
    string Endpoint,
    string Share,
    string Signal,
    string Sent,
    string Refused,
    string Thinned,
    string Dropped,
    string Retries,
    string Waiting,
    string Error,
    Moment? ErrorSince,
    bool IsFailing
);

public sealed record SenderRow(
    ServiceName Service,
    string Instance,
    string Signals,
    string Lost,
    Moment FirstSeen,
    Moment LastSeen,
    string Href
);
