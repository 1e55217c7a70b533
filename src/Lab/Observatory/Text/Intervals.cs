namespace Platform.Observatory.Text;

/// <summary>Operations on time intervals.</summary>
internal static class Intervals
{
    /// <summary>The union, in order of time.</summary>
    public static IEnumerable<(ulong Start, ulong End)> Union(IEnumerable<(ulong Start, ulong End)> intervals)
    {
        (ulong Start, ulong End)? open = null;

        foreach (var next in intervals.OrderBy(interval => interval.Start))
        {
            if (open is not { } time)
            {
                open = next;
            }
            else if (next.Start <= time.End)
            {
                open = (time.Start, Math.Max(time.End, next.End));
            }
            else
            {
                yield return time;
                open = next;
            }
        }

        if (open is { } last)
        {
            yield return last;
        }
    }

    /// <summary>The parts of an interval that none of the others covers, in order of time.</summary>
    public static IEnumerable<(ulong Start, ulong End)> Without(
        (ulong Start, ulong End) whole,
        IEnumerable<(ulong Start, ulong End)> others
    )
    {
        var at = whole.Start;

        foreach (var (start, end) in Union(others))
        {
            if (start >= whole.End)
            {
                break;
            }

            if (start > at)
            {
                yield return (at, start);
            }

            at = Math.Max(at, end);
        }

        if (at < whole.End)
        {
            yield return (at, whole.End);
        }
    }
}
