namespace Platform.Observatory.Forward;

/// <summary>
/// What the intake took of one request, without secrets. All destinations share the bytes, and nobody writes to them. An item is a
/// span, a log record, a data point or an error. Hops is what the next process is told of the way so far.
/// </summary>
internal sealed record ForwardBatch(byte[] Bytes, int Items, string Hops, long OfferedAt);
