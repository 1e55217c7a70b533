namespace Platform.Observatory.Forward;

/// <summary>
/// The accepted, scrubbed part of one request. All destinations share the bytes, which are read-only. An item is a span, a log record, a
/// data point or an error. Hops is the hop header for the next process.
/// </summary>
internal sealed record ForwardBatch(byte[] Bytes, int Items, string Hops, long OfferedAt);
