namespace Platform.Observatory.Store;

/// <summary>
/// What a sender says that it lost: since Start, when its counter began at zero (0: it does not say), or since its last report (IsDelta).
/// </summary>
internal readonly record struct LossReport(long Lost, ulong Start, bool IsDelta);

/// <summary>
/// All that one sender lost. A sender that is started again under its old name counts from zero again, and what it lost before stays lost.
/// </summary>
internal sealed class LossCounter
{
    // Of runs that are over, and of reports that hold no running total.
    private long _before;
    private long _current;
    private ulong _start;

    public long Total => _before + _current;

    public void Add(LossReport report)
    {
        if (report.IsDelta)
        {
            _before += report.Lost;
            return;
        }

        if (report.Start < _start)
        {
            // Of a run that is over, and late.
            return;
        }

        // Within one run a total does not fall. One that is lower is late, or of a sender that does not say when its counter began.
        if (report.Start > _start || (report.Start == 0 && report.Lost < _current))
        {
            _before += _current;
            _current = report.Lost;
        }
        else
        {
            _current = Math.Max(_current, report.Lost);
        }

        _start = report.Start;
    }
}
