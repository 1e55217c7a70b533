using Platform.Observatory.Otlp;

namespace Platform.Observatory.Forward;

/// <summary>
/// Keeps what a destination is sent to what it takes, in whole traces. While it keeps up, its share is 1, each batch goes out as the bytes
/// it came as, and only the ids of traces are read, so that a trace that is under way when that changes is known. When what waits gets
/// old (or much) and older still, the share falls to what the destination took lately; it rises slowly when nothing waits.
/// <para>
/// A backlog that shrinks, as after the destination was away, is sent whole: being late is better than being incomplete.
/// </para>
/// </summary>
internal sealed class Thinning(TimeProvider time)
{
    /// <summary>Below it the bound of the queue is what helps.</summary>
    private const double MinShare = 0.001;

    /// <summary>Of a full queue.</summary>
    private const double HighFill = 0.5;
    private const double LowFill = 0.1;

    /// <summary>Takes in a little less than went out, so that what waits gets less.</summary>
    private const double Headroom = 1.25;

    private static readonly TimeSpan HighAge = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LowAge = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly TraceDecisions _decisions = new();
    private readonly Window _spans = new();
    private readonly Window _logs = new();
    private double _share = 1;
    private long _lastChange = time.GetTimestamp();

    /// <summary>Of new traces, from 0 to 1.</summary>
    public double Share => Volatile.Read(ref _share);

    // The lock is held for one trace at a time: whoever offers must not wait until a request is written anew.
    public ArraySegment<byte>? Filter(Signal signal, ArraySegment<byte> request, out int kept) =>
        OtlpItems.Filter(signal, request, Keeps, out kept);

    /// <summary>The request was lost: the queue was full, or it waited for too long.</summary>
    public void LeaveOut(Signal signal, ArraySegment<byte> request) => OtlpItems.EachTrace(signal, request, LeaveOut);

    public void Offered(Signal signal, int items) => Interlocked.Add(ref Of(signal).Offered, items);

    /// <summary>A destination that is away is not one that is slow: what it takes is measured anew when it is back.</summary>
    public void Failed(Signal signal)
    {
        lock (_lock)
        {
            Of(signal).IsOpen = false;
        }
    }

    /// <summary>Age is how long what was sent had waited; fill is how full the queue is, from 0 to 1.</summary>
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

            if (time.GetElapsedTime(window.Start) < Look)
            {
                return;
            }

            if (age > HighAge || fill > HighFill)
            {
                if ((age > HighAge && age >= window.Age) || (fill > HighFill && fill >= window.Fill))
                {
                    // Senders come in bursts, so that one look can be wrong by much: half is the most it takes away.
                    var taken = window.Sent / (Headroom * Math.Max(1, Interlocked.Read(ref window.Offered)));
                    SetShare(Math.Max(MinShare, Math.Clamp(taken, 0.5 * _share, 0.9 * _share)));
                }

                _lastChange = time.GetTimestamp();
            }
            else if (age < LowAge && fill < LowFill && time.GetElapsedTime(_lastChange) > Calm)
            {
                SetShare(Math.Min(1, (1.15 * _share) + 0.005));
            }

            window.Open(time.GetTimestamp(), age, fill);
        }
    }

    private bool Keeps(UInt128 trace)
    {
        lock (_lock)
        {
            return _decisions.Keeps(trace, _share);
        }
    }

    private void LeaveOut(UInt128 trace)
    {
        lock (_lock)
        {
            _decisions.LeaveOut(trace);
        }
    }

    private Window Of(Signal signal) => signal == Signal.Traces ? _spans : _logs;

    private void SetShare(double share)
    {
        Volatile.Write(ref _share, share);
        _lastChange = time.GetTimestamp();
    }

    /// <summary>What happened in one queue since the last look.</summary>
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
