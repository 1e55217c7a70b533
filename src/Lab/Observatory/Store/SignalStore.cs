namespace Platform.Observatory.Store;

/// <summary>
/// The newest records of one signal, bounded by count and by bytes; the oldest are evicted. Writers come from one place (the ingest queue);
/// readers copy references under the lock and work on the copy, since records do not change.
/// </summary>
internal sealed class SignalStore<TRecord>(int maxRecords, long maxBytes, int maxFollowers, bool uniqueSpanIds, SignalCounters counters)
    where TRecord : TelemetryRecord
{
    private readonly Lock _lock = new();

    // Bounded by maxRecords and maxBytes; oldest evicted.
    private readonly Queue<TRecord> _records = new();

    // One entry for each trace that has a record in _records.
    private readonly Dictionary<UInt128, TraceEntry<TRecord>> _traces = [];

    // Bounded by maxFollowers; a reader beyond that is refused.
    private readonly List<Follower<TRecord>> _followers = [];
    private long _bytes;

    public SignalCounters Counters { get; } = counters;

    public int MaxRecords { get; } = maxRecords;

    public long MaxBytes { get; } = maxBytes;

    public (int Records, int Traces, long Bytes) Size
    {
        get
        {
            lock (_lock)
            {
                return (_records.Count, _traces.Count, _bytes);
            }
        }
    }

    public void Add(IEnumerable<TRecord> records)
    {
        lock (_lock)
        {
            foreach (var record in records)
            {
                if (TryIndex(record))
                {
                    Append(record);
                }
            }
        }
    }

    /// <summary>All records, oldest first.</summary>
    public TRecord[] Snapshot()
    {
        lock (_lock)
        {
            return _records.ToArray();
        }
    }

    /// <summary>The records of one trace in order of arrival; empty when it is not known.</summary>
    public IReadOnlyList<TRecord> Trace(UInt128 traceId)
    {
        lock (_lock)
        {
            return _traces.TryGetValue(traceId, out var trace) ? trace.ToList() : [];
        }
    }

    /// <summary>The present records and, without a gap or an overlap, those to come. Null with too many readers.</summary>
    public (TRecord[] Present, Follower<TRecord> Follower)? Follow()
    {
        lock (_lock)
        {
            if (_followers.Count >= maxFollowers)
            {
                return null;
            }

            var follower = new Follower<TRecord>();
            _followers.Add(follower);
            return (_records.ToArray(), follower);
        }
    }

    public void Unfollow(Follower<TRecord> follower)
    {
        lock (_lock)
        {
            _followers.Remove(follower);
        }
    }

    private bool TryIndex(TRecord record)
    {
        if (record.TraceId == UInt128.Zero)
        {
            return true;
        }

        if (!_traces.TryGetValue(record.TraceId, out var trace))
        {
            _traces[record.TraceId] = trace = new TraceEntry<TRecord>();
        }
        else if (uniqueSpanIds && trace.Find(record.SpanId) is { } known)
        {
            known.Received++;
            Counters.AddDuplicate();
            return false;
        }

        trace.Append(record, uniqueSpanIds);
        return true;
    }

    private void Append(TRecord record)
    {
        Counters.AddTimes(record);
        _records.Enqueue(record);
        _bytes += record.Bytes;

        if (record.Origin.References++ == 0)
        {
            _bytes += record.Origin.Bytes;
        }

        while (_records.Count > 0 && (_records.Count > MaxRecords || _bytes > MaxBytes))
        {
            Evict(_records.Dequeue());
        }

        for (var index = _followers.Count - 1; index >= 0; index--)
        {
            if (!_followers[index].Offer(record))
            {
                _followers.RemoveAt(index);
            }
        }
    }

    private void Evict(TRecord record)
    {
        _bytes -= record.Bytes;
        Counters.AddEvicted();

        if (--record.Origin.References == 0)
        {
            _bytes -= record.Origin.Bytes;
        }

        if (record.TraceId == UInt128.Zero)
        {
            return;
        }

        var trace = _traces[record.TraceId];
        trace.RemoveHead();

        if (trace.Count == 0)
        {
            _traces.Remove(record.TraceId);
        }
    }
}
