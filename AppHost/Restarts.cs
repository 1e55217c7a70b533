using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Platform.Faults;

namespace Platform.AppHost;

internal static class Restarts
{
    /// <summary>Restarts a process that exits with a non-zero code. One that was stopped by command stays stopped.</summary>
    public static IResourceBuilder<T> RestartOnFailure<T>(this IResourceBuilder<T> resource)
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
) : EarlyService
{
    /// <summary>Doubles with each consecutive failure, up to <see cref="LongestWait"/>.</summary>
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly ILogger _logger = loggers.GetLogger(resource);

    // Instances that were stopped on purpose or are already restarting. Bounded by the resource's instances.
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
                LogRestarting(exitCode, wait);
                do
                {
                    await Task.Delay(wait, stoppingToken);
                    wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
                } while (!await TryStartAsync(change.ResourceId, stoppingToken));
            }
        }
    }

    /// <summary>True when nothing is left to do, also because of a manual start.</summary>
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
                LogRestartFailed(result.Message, null);
            }

            return result.Success;
        }
#pragma warning disable CA1031 // An exception of a background service would end the AppHost.
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogRestartFailed(exception.Message, exception);
            return false;
        }
    }

    [LoggerMessage(EventId = 9202, Level = LogLevel.Warning, Message = "Exited with code {ExitCode}; restarting in {Wait}")]
    private partial void LogRestarting(int exitCode, TimeSpan wait);

    [LoggerMessage(EventId = 9204, Level = LogLevel.Error, Message = "Restart failed and is retried: {Reason}")]
    private partial void LogRestartFailed(string? reason, Exception? exception);
}
