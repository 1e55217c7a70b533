using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Platform.Faults;

/// <summary>Does something again and again until it is disposed of; the first time is over when it is returned.</summary>
internal sealed partial class Repeating : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _task;

    private Repeating(Func<CancellationToken, Task> act, TimeSpan pause, ILogger logger) => _task = RunAsync(act, pause, logger);

    /// <param name="act">What fails after the first time is tried again: servers come and go meanwhile.</param>
    /// <param name="pause">Between the end of one and the start of the next.</param>
    /// <param name="target">Whose fault it is.</param>
    /// <param name="cancellationToken">Of the first time.</param>
    public static async Task<Repeating> StartAsync(
        Func<CancellationToken, Task> act,
        TimeSpan pause,
        FaultTarget target,
        CancellationToken cancellationToken
    )
    {
        await act(cancellationToken);
        return new Repeating(act, pause, target.Services.GetRequiredService<ILogger<Repeating>>());
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ended.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task> act, TimeSpan pause, ILogger logger)
    {
        var failsAlready = false;
        while (true)
        {
            await Task.Delay(pause, _ended.Token);
            try
            {
                await act(_ended.Token);
                failsAlready = false;
            }
#pragma warning disable CA1031 // Whatever a server that comes and goes throws; the next time may succeed.
            catch (Exception exception) when (!_ended.IsCancellationRequested)
#pragma warning restore CA1031
            {
                // The fault's end does not depend on it. Said once, until it succeeds again.
                if (!failsAlready)
                {
                    LogFails(logger, exception.Message);
                }

                failsAlready = true;
            }
        }
    }

    [LoggerMessage(
        EventId = 9307,
        EventName = "fault.interrupted",
        Level = LogLevel.Warning,
        Message = "A fault does not hurt at the moment and is tried again: {Reason}"
    )]
    private static partial void LogFails(ILogger logger, string reason);
}
