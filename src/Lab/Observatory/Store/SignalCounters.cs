namespace Platform.Observatory.Store;

/// <summary>Item counts of one signal by outcome, since the start. An item is a span, a log record or a data point.</summary>
internal sealed class SignalCounters
{
    private long _received;
    private long _rejected;
    private long _duplicate;
    private long _evicted;
    private long _dropped;
    private long _late;
    private long _ahead;

    /// <summary>Valid items that were accepted, including duplicates.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>Invalid items; the sender was told.</summary>
    public long Rejected => Interlocked.Read(ref _rejected);

    public long Duplicate => Interlocked.Read(ref _duplicate);

    /// <summary>Items evicted to make room for newer ones.</summary>
    public long Evicted => Interlocked.Read(ref _evicted);

    /// <summary>Items refused because the queue was full; the sender was asked to retry.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Items that arrived long after they ended.</summary>
    public long Late => Interlocked.Read(ref _late);

    /// <summary>Items of a sender whose clock is ahead of this one.</summary>
    public long Ahead => Interlocked.Read(ref _ahead);

    public void AddReceived(long count) => Interlocked.Add(ref _received, count);

    public void AddRejected(long count) => Interlocked.Add(ref _rejected, count);

    public void AddDuplicate() => Interlocked.Increment(ref _duplicate);

    public void AddEvicted() => Interlocked.Increment(ref _evicted);

    public void AddDropped(long count) => Interlocked.Add(ref _dropped, count);

    public void AddTimes(TelemetryRecord record)
    {
        if (record.IsLate)
        {
            Interlocked.Increment(ref _late);
        }

        if (record.IsAhead)
        {
            Interlocked.Increment(ref _ahead);
        }
    }
}
