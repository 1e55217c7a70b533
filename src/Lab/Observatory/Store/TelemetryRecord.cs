namespace Platform.Observatory.Store;

/// <summary>
/// A stored span or log: what lists and filters need as fields, the rest as the protobuf bytes. A parsed message takes five to ten times
/// the space of its bytes, and most records are never looked at.
/// </summary>
internal abstract class TelemetryRecord
{
    /// <summary>Fields, object headers and the share of index and ring, measured and rounded up.</summary>
    private const int Overhead = 256;

    private const ulong LateNanos = 60_000_000_000;
    private const ulong AheadNanos = 10_000_000_000;

    /// <summary>Zero for a log that belongs to no trace.</summary>
    public required UInt128 TraceId { get; init; }

    public required ulong SpanId { get; init; }

    public required Origin Origin { get; init; }

    /// <summary>What has no field of its own, as protobuf.</summary>
    public required byte[] Payload { get; init; }

    /// <summary>Of the ids by which people search; see RecordIds.</summary>
    public required ulong IdBits { get; init; }

    /// <summary>Unix seconds; for a replayed record those of its first arrival.</summary>
    public required uint ArrivedSeconds { get; init; }

    public abstract ulong Time { get; }

    /// <summary>Not before Time.</summary>
    public virtual ulong EndTime => Time;

    public abstract bool HasError { get; }

    /// <summary>How often a record with these ids arrived; written under the store's lock.</summary>
    public int Received { get; set; } = 1;

    /// <summary>The next record of the same trace in order of arrival; written under the store's lock.</summary>
    public TelemetryRecord? NextInTrace { get; set; }

    /// <summary>Arrived so long after it ended that the sender must have held it back: services send every few seconds.</summary>
    public bool IsLate => EndTime != 0 && Arrived > LateNanos && Arrived - LateNanos > EndTime;

    /// <summary>It began after it arrived, so the sender's clock is ahead of this one.</summary>
    public bool IsAhead => Time > Arrived + AheadNanos;

    /// <summary>To the second.</summary>
    public ulong Arrived => ArrivedSeconds * 1_000_000_000UL;

    public virtual int Bytes => Overhead + Payload.Length;
}
