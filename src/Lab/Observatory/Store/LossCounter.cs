namespace Platform.Observatory.Store;

/// <summary>
/// A loss that a sender reports: since Start, when its counter began at zero (0: unknown), or since its last report (IsDelta).
/// </summary>
internal readonly record struct LossReport(long Lost, ulong Start, bool IsDelta);

/// <summary>
/// The total loss of one sender. A restarted sender of the same name counts from zero again; its earlier losses are kept.
/// </summary>
internal sealed class LossCounter
{
    // Of earlier runs, and of delta reports.
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
            // A late report of an earlier run.
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
