namespace Platform.Observatory.Forward;

/// <summary>
/// Which traces a destination gets while it is sent only a share of them. The decision for a trace is made when its first span or log
/// record is about to be sent, by a hash of its id against the share of that moment, and then remembered for all that follows.
/// <para>
/// Guaranteed, for the last <see cref="MaxTraces"/> traces: a trace of which something was sent is sent to its end, however low the share
/// falls; of a trace of which something was left out nothing more is sent, however high it rises. Spans and logs of a trace have one
/// decision. A lower share only takes traces away: what is kept at 10 % would be kept at 20 %, here and in every other process.
/// </para>
/// <para>
/// Not guaranteed: a trace that goes on after so many others began is decided anew; a trace is cut when the queue overflows, or the
/// destination is away for too long, after its first part was sent (the rest of it is then left out too); when the destination refuses a
/// part for good, or an error of ours loses one; and when the process ends.
/// </para>
/// </summary>
internal sealed class TraceDecisions
{
    public const int MaxTraces = 1 << 17;

    // Bounded by MaxTraces, some minutes of a busy platform and 8 MiB; the one decided first makes room.
    private readonly Dictionary<UInt128, bool> _decisions = [];
    private readonly Queue<UInt128> _order = new();

    public bool Keeps(UInt128 trace, double share)
    {
        if (!_decisions.TryGetValue(trace, out var keep))
        {
            Remember(trace, keep = share >= 1 || HashOf(trace) < share * ulong.MaxValue);
        }

        return keep;
    }

    /// <summary>A part of it is lost, so that nothing more of it is sent.</summary>
    public void LeaveOut(UInt128 trace)
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

    // The finish of SplitMix64: ids need not be random, and senders that sample by the id's end must not meet the same share again.
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
