namespace Platform.Observatory.Polling;

/// <summary>Does something every few seconds while the process lives: one time that fails is logged, and the next one comes.</summary>
internal abstract partial class Poller(TimeSpan interval, TimeProvider time, ILogger logger) : BackgroundService
{
    protected TimeProvider Time => time;

    /// <summary>False when there is nothing to do, ever.</summary>
    protected virtual Task<bool> BeginAsync(CancellationToken cancellationToken) => Task.FromResult(true);

    protected abstract Task TickAsync(DateTimeOffset now, CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!await BeginAsync(stoppingToken))
        {
            return;
        }

        using var timer = new PeriodicTimer(interval, time);
        do
        {
            try
            {
                await TickAsync(time.GetUtcNow(), stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // A bug of ours, and an issue; it must not end the process, which has more to do.
                LogFailed(exception, GetType().Name);
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(EventId = 5064, Level = LogLevel.Error, Message = "{Poller} failed, and tries again")]
    private partial void LogFailed(Exception exception, string poller);
}
