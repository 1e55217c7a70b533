using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Platform.AppHost;

internal static class Restarts
{
    /// <summary>
    /// A process that ends with an exit code other than 0 without being asked to is started again. A stop by command stays one.
    /// </summary>
    public static IResourceBuilder<T> StartAgain<T>(this IResourceBuilder<T> resource)
        where T : IResource
    {
        if (resource.ApplicationBuilder.ExecutionContext.IsRunMode)
        {
            resource.ApplicationBuilder.Services.AddHostedService(services =>
                ActivatorUtilities.CreateInstance<Keeper>(services, resource.Resource)
            );
        }

        return resource;
    }
}

internal sealed partial class Keeper(
    IResource resource,
    ResourceNotificationService notifications,
    ResourceCommandService commands,
    ResourceLoggerService loggers
) : BackgroundService
{
    /// <summary>Doubled after each failure in a row, up to <see cref="LongestWait"/>.</summary>
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly ILogger _logger = loggers.GetLogger(resource);

    // Instances that are to be down, or are being started already. Bounded by the instances of the resource.
    private readonly HashSet<string> _settled = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wait = FirstWait;
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            if (change.Resource != resource)
            {
                continue;
            }

            wait = change.Snapshot.HealthStatus == HealthStatus.Healthy ? FirstWait : wait;
            var state = change.Snapshot.State?.Text;
            if (state == KnownResourceStates.Stopping)
            {
                _settled.Add(change.ResourceId);
            }
            else if (state == KnownResourceStates.Starting || state == KnownResourceStates.Running)
            {
                _settled.Remove(change.ResourceId);
            }
            else if (
                change.Snapshot.ExitCode is { } exitCode and not 0
                && KnownResourceStates.TerminalStates.Contains(state)
                && _settled.Add(change.ResourceId)
            )
            {
                LogStartingAgain(exitCode, wait);
                do
                {
                    await Task.Delay(wait, stoppingToken);
                    wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
                } while (!await TryStartAsync(change.ResourceId, stoppingToken));
            }
        }
    }

    /// <summary>True when there is nothing left to do; a start by hand meanwhile counts.</summary>
    private async Task<bool> TryStartAsync(string instance, CancellationToken stoppingToken)
    {
        if (
            !notifications.TryGetCurrentState(instance, out var current)
            || !KnownResourceStates.TerminalStates.Contains(current.Snapshot.State?.Text)
        )
        {
            return true;
        }

        try
        {
            var result = await commands.ExecuteCommandAsync(instance, KnownResourceCommands.StartCommand, stoppingToken);
            if (!result.Success)
            {
                LogNotStarted(result.Message, null);
            }

            return result.Success;
        }
#pragma warning disable CA1031 // Whatever it was, it must not end the AppHost, which an exception of a background service does.
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogNotStarted(exception.Message, exception);
            return false;
        }
    }

    [LoggerMessage(EventId = 9202, Level = LogLevel.Warning, Message = "Ended with exit code {ExitCode}; is started again in {Wait}")]
    private partial void LogStartingAgain(int exitCode, TimeSpan wait);

    [LoggerMessage(EventId = 9204, Level = LogLevel.Error, Message = "Was not started again, and is tried once more: {Reason}")]
    private partial void LogNotStarted(string? reason, Exception? exception);
}
