using System.Text.Json.Serialization;

namespace Platform.Observatory.Forward;

/// <summary>One entry for each destination; envelopes have one of their own.</summary>
internal sealed record ForwardStats(string Name, string Endpoint, string Protocol, double Share, IReadOnlyList<LaneStats> Signals);

/// <summary>Counts of items, but for Retries. FailingSince is null while all is well.</summary>
internal sealed record LaneStats(
    string Signal,
    long Sent,
    long Refused,
    long Thinned,
    long QueueFull,
    long Expired,
    long Failed,
    long Stopped,
    long Retries,
    long WaitingItems,
    long WaitingBytes,
    long MaxWaitingBytes,
    string? LastError,
    DateTimeOffset? LastErrorAt,
    DateTimeOffset? FailingSince
)
{
    /// <summary>Lost, other than by being left out on purpose.</summary>
    [JsonIgnore]
    public long Dropped => QueueFull + Expired + Failed + Stopped;
}
