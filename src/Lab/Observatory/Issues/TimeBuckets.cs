namespace Platform.Observatory.Issues;

/// <summary>Counts over the last 24 hours in steps of five minutes.</summary>
internal sealed class TimeBuckets
{
    public const int Count = 288;
    public static readonly TimeSpan Step = TimeSpan.FromMinutes(5);

    // A ring; each slot is valid while its step is one of the last Count before _latest.
    private readonly int[] _counts = new int[Count];
    private long _latest = long.MinValue;

    public void Add(DateTimeOffset time)
    {
        var step = StepOf(time);

        if (step > _latest)
        {
            Forward(step);
        }

        if (step > _latest - Count)
        {
            _counts[step % Count]++;
        }
    }

    /// <summary>Oldest first, ending with the current step.</summary>
    public IReadOnlyList<CountAt> Until(DateTimeOffset now)
    {
        var end = StepOf(now);
        return
        [
            .. Enumerable
                .Range(0, Count)
                .Select(index => end - Count + 1 + index)
                .Select(step => new CountAt(
                    DateTimeOffset.UnixEpoch + (step * Step),
                    step <= _latest && step > _latest - Count ? _counts[step % Count] : 0
                )),
        ];
    }

    private static long StepOf(DateTimeOffset time) => Math.Max(0, (time - DateTimeOffset.UnixEpoch).Ticks / Step.Ticks);

    private void Forward(long step)
    {
        if (_latest == long.MinValue || step - _latest >= Count)
        {
            Array.Clear(_counts);
        }
        else
        {
            for (var passed = _latest + 1; passed <= step; passed++)
            {
                _counts[passed % Count] = 0;
            }
        }

        _latest = step;
    }
}

internal sealed record CountAt(DateTimeOffset Time, int Count);
