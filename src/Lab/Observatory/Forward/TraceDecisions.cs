namespace Platform.Observatory.Forward;

/// <summary>
/// Sampling decisions by trace for one destination. The decision for a trace is made when its first span or log record is about to be sent,
/// by a hash of its id against the current share, and then remembered.
/// <para>
/// Guaranteed, for the last <see cref="MaxTraces"/> traces: a trace of which something was sent is sent to its end, however low the share
/// falls; of a trace of which something was left out nothing more is sent, however high it rises. Spans and logs of a trace have one
/// decision. A lower share keeps a subset: what is kept at 10 % would be kept at 20 %, here and in every other process.
/// </para>
/// <para>
/// Not guaranteed: a trace that continues after that many others began is decided again; a trace is cut when, after its first part was
/// sent, the queue overflows or the destination is down for too long (the rest is then dropped too), when the destination permanently
/// rejects a part or an internal error loses one, and when the process ends.
/// </para>
/// </summary>
internal sealed class TraceDecisions
{
    public const int MaxTraces = 1 << 17;

    // Bounded by MaxTraces, some minutes of a busy platform and 8 MiB; the oldest decision is evicted.
    private readonly Dictionary<UInt128, bool> _decisions = [];
    private readonly Queue<UInt128> _order = new();

    public bool IsKept(UInt128 trace, double share)
    {
        if (!_decisions.TryGetValue(trace, out var keep))
        {
            Remember(trace, keep = share >= 1 || HashOf(trace) < share * ulong.MaxValue);
        }

        return keep;
    }

    /// <summary>Part of the trace was lost, so the rest is not sent.</summary>
    public void Exclude(UInt128 trace)
    {
        if (_decisions.TryAdd(trace, false))
        {
            Added(trace);
        }
        else
        {
            _decisions[trace] = false;
        }
    }

    // The finalizer of SplitMix64: ids need not be random, and the result must not correlate with senders that sample by the id's low bits.
    internal static ulong HashOf(UInt128 trace)
    {
        var value = (ulong)(trace >> 64) ^ (ulong)trace;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    private void Remember(UInt128 trace, bool keep)
    {
        _decisions[trace] = keep;
        Added(trace);
    }

    private void Added(UInt128 trace)
    {
        _order.Enqueue(trace);

        if (_order.Count > MaxTraces)
        {
            _decisions.Remove(_order.Dequeue());
        }
    }
}
