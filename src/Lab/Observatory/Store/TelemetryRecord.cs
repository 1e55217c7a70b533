namespace Platform.Observatory.Store;

/// <summary>
/// A stored span or log: what lists and filters need as fields, the rest as the protobuf bytes. A parsed message takes
/// five to ten times the room of its bytes, and most records are never looked at.
/// </summary>
internal abstract class TelemetryRecord
{
    /// <summary>Fields, object headers and the share of index and ring, measured and rounded up.</summary>
    private const int Overhead = 256;

    /// <summary>Zero for a log that belongs to no trace.</summary>
    public required UInt128 TraceId { get; init; }

    public required ulong SpanId { get; init; }

    public required Origin Origin { get; init; }

    public required byte[] Payload { get; init; }

    /// <summary>Of the ids by which people search; see RecordIds.</summary>
    public required int[] IdHashes { get; init; }

    public abstract ulong Time { get; }

    public abstract bool HasError { get; }

    /// <summary>How often a record with these ids arrived; written under the store's lock.</summary>
    public int Received { get; set; } = 1;

    /// <summary>The next record of the same trace in order of arrival; written under the store's lock.</summary>
    public TelemetryRecord? NextInTrace { get; set; }

    public int Bytes => Overhead + Payload.Length + (IdHashes.Length * sizeof(int));
}
