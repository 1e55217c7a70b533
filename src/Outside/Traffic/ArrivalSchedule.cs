namespace Platform.Traffic;

/// <summary>
/// When shoppers arrive: evenly, whatever becomes of the earlier ones (an open model; a closed one would slow down with the
/// shop and hide that it is slow). Pure: it is told what time it is.
/// </summary>
internal sealed class ArrivalSchedule
{
    // A laptop that slept must not send the arrivals of the whole night at once.
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

    /// <summary>How many arrivals are due by now; they count as taken.</summary>
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

    /// <summary>Whole milliseconds, rounded up: timers cut off the rest, and the wait would end too early.</summary>
    public TimeSpan UntilNext(TimeSpan now) =>
        _perSecond == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(0, (_next - now).TotalMilliseconds)));

    private TimeSpan Interval => _perSecond == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(1 / _perSecond);
}
