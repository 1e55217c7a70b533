using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Run;

/// <summary>Starts a resource that is no process, but has something to wait for: a connection string made of others.</summary>
internal sealed partial class ConnectionStringStart(ResourceStates states, ResourceNotificationService notifications, ResourceLoggerService loggers, HealthMonitor health)
{
    public async Task StartAsync(ConnectionStringResource resource, CancellationToken cancellationToken)
    {
        try
        {
            await notifications.WaitForDependenciesAsync(resource, cancellationToken).ConfigureAwait(false);
            var value = await ((IResourceWithConnectionString)resource).GetConnectionStringAsync(cancellationToken).ConfigureAwait(false);
            await states.AnnounceConnectionStringAsync(resource, cancellationToken).ConfigureAwait(false);
            await states.PublishAsync(resource, resource.Name, s => s with
            {
                State = KnownResourceStates.Running,
                Properties = s.Properties.With(CustomResourceKnownProperties.ConnectionString, value, isSensitive: true),
            }).ConfigureAwait(false);
            health.Begin(resource, resource.Name);
        }
#pragma warning disable CA1031 // One resource's failure is its state; the others go on.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            Log.StartFailed(loggers.GetLogger(resource), e);
            await states.PublishAsync(
                resource, resource.Name, s => s with { State = new ResourceStateSnapshot(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error) })
                .ConfigureAwait(false);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Failed to start.")]
        public static partial void StartFailed(ILogger logger, Exception exception);
    }
}
