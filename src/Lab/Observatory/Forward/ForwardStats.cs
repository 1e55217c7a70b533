using System.Text.Json.Serialization;

namespace Platform.Observatory.Forward;

/// <summary>One entry for each destination; envelopes have one of their own.</summary>
internal sealed record ForwardStats(string Name, string Endpoint, string Protocol, double Share, IReadOnlyList<LaneStats> Signals);

/// <summary>Counts items, except Retries. FailingSince is null while the destination works.</summary>
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
    /// <summary>Lost items, except those sampled out.</summary>
    [JsonIgnore]
    public long Dropped => QueueFull + Expired + Failed + Stopped;
}
