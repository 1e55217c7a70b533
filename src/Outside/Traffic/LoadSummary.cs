namespace Platform.Traffic;

/// <summary>Logs a summary of the load once a minute.</summary>
internal sealed partial class LoadSummary(LoadCounters counters, TimeProvider time, ILogger<LoadSummary> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var before = counters.Current;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = counters.Current;
            if (now.Arrived > before.Arrived || now.InFlight > 0)
            {
                Summarize(before, now);
            }

            before = now;
        }
    }

    private void Summarize(LoadCounts before, LoadCounts now)
    {
        LogSummary(
            now.Placed - before.Placed,
            now.Paid + now.Fulfilled - before.Paid - before.Fulfilled,
            now.Declined - before.Declined,
            now.Undecided - before.Undecided,
            now.OutOfStock - before.OutOfStock,
            now.RateLimited - before.RateLimited,
            now.Failed - before.Failed,
            now.Failed > before.Failed ? $" ({now.LastFailure})" : ""
        );
        if (now.Shed > before.Shed)
        {
            LogShed(now.Shed - before.Shed, LoadGenerator.MaxInFlight);
        }
    }

    [LoggerMessage(
        EventId = 5321,
        Level = LogLevel.Information,
        Message = "Last minute: {Placed} orders placed; {Paid} paid, {Declined} declined, {Undecided} undecided, "
            + "{OutOfStock} out of stock, {RateLimited} rate limited, {Failed} failed{LastFailure}."
    )]
    private partial void LogSummary(
        long placed,
        long paid,
        long declined,
        long undecided,
        long outOfStock,
        long rateLimited,
        long failed,
        string lastFailure
    );

    [LoggerMessage(
        EventId = 5322,
        Level = LogLevel.Warning,
        Message = "Last minute: {Shed} shoppers turned away, because {InFlight} were in the shop already."
    )]
    private partial void LogShed(long shed, int inFlight);
}
