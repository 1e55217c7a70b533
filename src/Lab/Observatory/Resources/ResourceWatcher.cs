namespace Platform.Observatory.Resources;

/// <summary>Keeps the board up to date. The AppHost may be away or come later: nothing waits for it.</summary>
internal sealed partial class ResourceWatcher(ResourceService service, ResourceBoard board, TimeProvider time, ILogger<ResourceWatcher> logger) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!service.IsConfigured)
        {
            return;
        }

        var pause = FirstPause;
        var wasConnected = false;

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var isNew = true;

                await foreach (var update in service.WatchAsync(wasConnected, stoppingToken))
                {
                    board.Apply(update);
                    (pause, wasConnected) = (FirstPause, true);

                    if (isNew)
                    {
                        isNew = false;
                        LogConnected(service.Address!);
                    }
                }

                Lose("The AppHost ended the connection.");
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            // A connection that is not made in time is a cancellation too.
            catch (Exception e) when (e is HttpRequestException or IOException or ResourceServiceException or OperationCanceledException)
            {
                Lose(e.Message);
            }

            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    // Of a row of attempts that fail, the page has the newest reason and the log the first.
    private void Lose(string reason)
    {
        if (board.State.Connection is { State: ConnectionState.Connected } or { Reason: "No answer yet." })
        {
            LogLost(service.Address!, reason);
        }

        board.Lose(reason);
    }

    [LoggerMessage(EventId = 5011, Level = LogLevel.Information, Message = "Connected to the resource service at {Address}.")]
    private partial void LogConnected(string address);

    [LoggerMessage(EventId = 5012, Level = LogLevel.Warning, Message = "The resource service at {Address} cannot be watched: {Reason} It is tried again until it answers.")]
    private partial void LogLost(string address, string reason);
}
