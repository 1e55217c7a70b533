namespace Platform.Observatory.Store;

/// <summary>The records of one trace as a list in order of arrival, so that the oldest of the store is always a head.</summary>
internal sealed class TraceEntry<TRecord>
    where TRecord : TelemetryRecord
{
    /// <summary>Up to here a search along the list is faster and smaller than a dictionary.</summary>
    private const int ListSearchLimit = 32;

    // Bounded by the records of the store; exists for large traces only.
    private Dictionary<ulong, TRecord>? _bySpanId;
    private TRecord? _head;
    private TRecord? _tail;

    public int Count { get; private set; }

    public TRecord? Find(ulong spanId)
    {
        if (_bySpanId is not null)
        {
            return _bySpanId.GetValueOrDefault(spanId);
        }

        for (var record = _head; record is not null; record = Next(record))
        {
            if (record.SpanId == spanId)
            {
                return record;
            }
        }

        return null;
    }

    public void Append(TRecord record, bool indexSpanIds)
    {
        if (_tail is null)
        {
            _head = record;
        }
        else
        {
            _tail.NextInTrace = record;
        }

        _tail = record;
        Count++;

        if (_bySpanId is not null)
        {
            _bySpanId.Add(record.SpanId, record);
        }
        else if (indexSpanIds && Count > ListSearchLimit)
        {
            _bySpanId = ToList().ToDictionary(item => item.SpanId);
        }
    }

    /// <summary>Removes the oldest record.</summary>
    public void RemoveHead()
    {
        var head = _head!;
        _head = Next(head);
        _tail = _head is null ? null : _tail;
        head.NextInTrace = null;
        _bySpanId?.Remove(head.SpanId);
        Count--;
    }

    public List<TRecord> ToList()
    {
        var list = new List<TRecord>(Count);

        for (var record = _head; record is not null; record = Next(record))
        {
            list.Add(record);
        }

        return list;
    }

    private static TRecord? Next(TRecord record) => (TRecord?)record.NextInTrace;
}
