namespace Sentry;

/// <summary>Creates or updates the monitor that a check-in belongs to.</summary>
public class SentryMonitorOptions
{
    public TimeSpan? CheckInMargin { get; set; }

    public TimeSpan? MaxRuntime { get; set; }

    public int? FailureIssueThreshold { get; set; }

    public int? RecoveryThreshold { get; set; }

    public string? TimeZone { get; set; }

    public string? Owner { get; set; }

    internal string? Crontab { get; private set; }

    internal (int Every, SentryMonitorInterval Unit)? Schedule { get; private set; }

    public void Interval(string crontab)
    {
        ThrowIfSet();
        if (crontab.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length != 5)
        {
            throw new ArgumentException($"'{crontab}' is not a crontab of five fields: minute hour day month weekday.", nameof(crontab));
        }

        Crontab = crontab;
    }

    public void Interval(int interval, SentryMonitorInterval unit)
    {
        ThrowIfSet();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(interval);
        Schedule = (interval, unit);
    }

    private void ThrowIfSet()
    {
        if (Crontab is not null || Schedule is not null)
        {
            throw new InvalidOperationException("The interval of a monitor can be set only once.");
        }
    }
}
