namespace Platform.Observatory.History;

/// <summary>What a record of the log holds. The numbers are on disk: never change or reuse one; 2, 4, 5 and 6 are taken.</summary>
internal enum RecordKind : byte
{
    /// <summary>A request of spans, as protobuf.</summary>
    Traces = 1,

    Logs = 3,

    /// <summary>An envelope with the items that are kept, scrubbed.</summary>
    Envelope = 7,

    /// <summary><c>{"id":"..","status":"resolved"}</c></summary>
    IssueStatus = 8,

    /// <summary>A deploy that was announced, as JSON.</summary>
    Deploy = 9,

    /// <summary>First telemetry of a release of a service; the same JSON as a deploy.</summary>
    ReleaseSeen = 10,

    /// <summary>The summary of deleted segments, in a file of its own.</summary>
    Checkpoint = 11,

    /// <summary>Alerts that Alertmanager told of, as a JSON array.</summary>
    Alerts = 12,
}

/// <summary>One received batch, scrubbed.</summary>
internal sealed record HistoryRecord(RecordKind Kind, DateTimeOffset Time, ReadOnlyMemory<byte> Body);
