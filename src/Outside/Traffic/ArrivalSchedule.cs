namespace Platform.Traffic;

/// <summary>
/// Arrival schedule: evenly spaced, independent of earlier visits (an open model; a closed one would slow down with the shop and hide that
/// it is slow). Pure: the time is passed in.
/// </summary>
internal sealed class ArrivalSchedule
{
    // After sleep a laptop must not catch up on a night of arrivals.
    private static readonly TimeSpan LongestCatchUp = TimeSpan.FromSeconds(1);

    private double _perSecond;
    private TimeSpan _next;

    public void SetRate(double perSecond, TimeSpan now)
    {
        if (perSecond != _perSecond)
        {
            _perSecond = perSecond;
            _next = now + Interval;
        }
    }

    /// <summary>Takes the arrivals that are due by now.</summary>
    public int TakeDue(TimeSpan now)
    {
        if (_perSecond == 0)
        {
            return 0;
        }

        if (now - _next > LongestCatchUp)
        {
            _next = now;
        }

        var due = 0;
        for (; _next <= now; _next += Interval)
        {
            due++;
        }

        return due;
    }

    /// <summary>Rounded up to milliseconds: timers truncate, and the wait would end too early.</summary>
    public TimeSpan UntilNext(TimeSpan now) =>
        _perSecond == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(0, (_next - now).TotalMilliseconds)));

    private TimeSpan Interval => _perSecond == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(1 / _perSecond);
}
