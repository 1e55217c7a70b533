using Platform.Observatory.Otlp;

namespace Platform.Observatory.Forward;

/// <summary>
/// Adaptive sampling: limits what a destination is sent to what it can take, in whole traces. While it keeps up, its share is 1, each batch
/// is sent unchanged, and only trace ids are read, so that traces in progress are known when that changes. While the age (or size) of the
/// queue is high and still rising, the share falls to the recent throughput of the destination; it rises slowly when nothing waits.
/// <para>
/// A shrinking backlog, as after an outage, is sent whole: late is better than incomplete.
/// </para>
/// </summary>
internal sealed class Thinning(TimeProvider time)
{
    /// <summary>Below this the queue limit has to help.</summary>
    private const double MinShare = 0.001;

    /// <summary>Fraction of a full queue.</summary>
    private const double HighFill = 0.5;
    private const double LowFill = 0.1;

    /// <summary>Admits a little less than was sent, so that the backlog shrinks.</summary>
    private const double Headroom = 1.25;

    private static readonly TimeSpan HighAge = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LowAge = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MeasureInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RecoveryDelay = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly TraceDecisions _decisions = new();
    private readonly Window _spans = new();
    private readonly Window _logs = new();
    private double _share = 1;
    private long _lastChange = time.GetTimestamp();

    /// <summary>Share of new traces that are kept, from 0 to 1.</summary>
    public double Share => Volatile.Read(ref _share);

    // The lock is held for one trace at a time: the request path must not wait while a request is rewritten.
    public ArraySegment<byte>? Filter(Signal signal, ArraySegment<byte> request, out int kept) =>
        OtlpItems.Filter(signal, request, IsKept, out kept);

    /// <summary>The request was dropped: the queue was full, or it expired.</summary>
    public void Exclude(Signal signal, ArraySegment<byte> request) => OtlpItems.EachTrace(signal, request, Exclude);

    public void Offered(Signal signal, int items) => Interlocked.Add(ref Of(signal).Offered, items);

    /// <summary>An outage is not slowness: throughput is measured afresh when the destination is back.</summary>
    public void Failed(Signal signal)
    {
        lock (_lock)
        {
            Of(signal).IsOpen = false;
        }
    }

    /// <summary>Age is how long the sent request had waited; fill is how full the queue is, from 0 to 1.</summary>
    public void Sent(Signal signal, int items, TimeSpan age, double fill)
    {
        lock (_lock)
        {
            var window = Of(signal);
            window.Sent += items;

            if (!window.IsOpen)
            {
                window.Open(time.GetTimestamp(), age, fill);
                return;
            }

            if (time.GetElapsedTime(window.Start) < MeasureInterval)
            {
                return;
            }

            if (age > HighAge || fill > HighFill)
            {
                if ((age > HighAge && age >= window.Age) || (fill > HighFill && fill >= window.Fill))
                {
                    // Senders are bursty, so one measurement can be far off: the share is at most halved.
                    var admitted = window.Sent / (Headroom * Math.Max(1, Interlocked.Read(ref window.Offered)));
                    SetShare(Math.Max(MinShare, Math.Clamp(admitted, 0.5 * _share, 0.9 * _share)));
                }

                _lastChange = time.GetTimestamp();
            }
            else if (age < LowAge && fill < LowFill && time.GetElapsedTime(_lastChange) > RecoveryDelay)
            {
                SetShare(Math.Min(1, (1.15 * _share) + 0.005));
            }

            window.Open(time.GetTimestamp(), age, fill);
        }
    }

    private bool IsKept(UInt128 trace)
    {
        lock (_lock)
        {
            return _decisions.IsKept(trace, _share);
        }
    }

    private void Exclude(UInt128 trace)
    {
        lock (_lock)
        {
            _decisions.Exclude(trace);
        }
    }

    private Window Of(Signal signal) => signal == Signal.Traces ? _spans : _logs;

    private void SetShare(double share)
    {
        Volatile.Write(ref _share, share);
        _lastChange = time.GetTimestamp();
    }

    /// <summary>What happened in one queue since the last measurement.</summary>
    private sealed class Window
    {
        public long Offered;

        public bool IsOpen { get; set; }

        public long Start { get; private set; }

        public long Sent { get; set; }

        public TimeSpan Age { get; private set; }

        public double Fill { get; private set; }

        public void Open(long start, TimeSpan age, double fill)
        {
            (IsOpen, Start, Sent, Age, Fill) = (true, start, 0, age, fill);
            Interlocked.Exchange(ref Offered, 0);
        }
    }
}
