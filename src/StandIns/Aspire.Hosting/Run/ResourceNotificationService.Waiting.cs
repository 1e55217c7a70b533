using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Aspire.Hosting.ApplicationModel;

public partial class ResourceNotificationService
{
    private WaitBehavior DefaultWaitBehavior =>
        serviceProvider.GetRequiredService<IOptions<ResourceNotificationServiceOptions>>().Value.DefaultWaitBehavior;

    public async Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        await WaitForResourceAsync(resourceName, [targetState ?? KnownResourceStates.Running], cancellationToken).ConfigureAwait(false);

    public async Task<string> WaitForResourceAsync(string resourceName, IEnumerable<string> targetStates, CancellationToken cancellationToken = default)
    {
        var states = targetStates.ToArray();
        var reached = await WaitForResourceAsync(
            resourceName, e => states.Contains(e.Snapshot.State?.Text, StringComparer.OrdinalIgnoreCase), cancellationToken).ConfigureAwait(false);
        return reached.Snapshot.State!.Text;
    }

    public async Task<ResourceEvent> WaitForResourceAsync(
        string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, hostApplicationLifetime.ApplicationStopping);
        await foreach (var @event in WatchAsync(stop.Token).ConfigureAwait(false))
        {
            if (string.Equals(@event.Resource.Name, resourceName, StringComparison.OrdinalIgnoreCase) && predicate(@event))
            {
                return @event;
            }
        }

        throw new OperationCanceledException($"The operation was cancelled before resource '{resourceName}' met its condition.");
    }

    public Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default) =>
        WaitForResourceHealthyAsync(resourceName, DefaultWaitBehavior, cancellationToken);

    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, WaitBehavior waitBehavior, CancellationToken cancellationToken = default)
    {
        var model = serviceProvider.GetRequiredService<DistributedApplicationModel>();
        if (waitBehavior == WaitBehavior.StopOnResourceUnavailable && !model.Resources.TryGetByName(resourceName, out _))
        {
            throw new DistributedApplicationException($"Stopped waiting for resource '{resourceName}' to become healthy because it does not exist in the application model.");
        }

        return await WaitForHealthyAsync(resourceName, _ => true, waitBehavior, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for everything the resource was told to wait for; fails as soon as one wait fails.</summary>
    public Task WaitForDependenciesAsync(IResource resource, CancellationToken cancellationToken) =>
        WaitForDependenciesAsync(resource, resource.InstanceIds(), cancellationToken);

    internal async Task WaitForDependenciesAsync(IResource resource, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken)
    {
        var waits = resource.Annotations.OfType<WaitAnnotation>().ToArray();
        if (waits.Length == 0)
        {
            return;
        }

        foreach (var id in instanceIds)
        {
            await PublishUpdateAsync(resource, id, s => s with { State = KnownResourceStates.Waiting }).ConfigureAwait(false);
            WaitLog.Waiting(resourceLoggerService.GetLogger(id), string.Join(", ", waits.Select(w => w.Resource.Name)));
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var open = waits.SelectMany(wait => wait.Resource.InstanceIds().Select(id => WaitAsync(wait, id, stop.Token))).ToList();
        try
        {
            while (open.Count > 0)
            {
                var done = await Task.WhenAny(open).ConfigureAwait(false);
                open.Remove(done);
                await done.ConfigureAwait(false);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }
    }

    private static bool IsRunning(ResourceEvent e) => e.Snapshot.State?.Text == KnownResourceStates.Running;

    private static bool IsReady(ResourceEvent e) => IsRunning(e) && e.Snapshot is { HealthStatus: HealthStatus.Healthy, Ready: not null };

    private static bool IsUnavailable(ResourceEvent e) => e.Snapshot.State?.Text is { } state
        && (KnownResourceStates.TerminalStates.Contains(state) || state == KnownResourceStates.RuntimeUnhealthy);

    private static string Reason(ResourceEvent e) => e.Snapshot.State?.Text == KnownResourceStates.FailedToStart
        ? "it failed to start"
        : $"it is in the state '{e.Snapshot.State?.Text}'";

    private async Task<ResourceEvent> WaitForHealthyAsync(
        string resourceName, Func<ResourceEvent, bool> isMeant, WaitBehavior waitBehavior, CancellationToken cancellationToken)
    {
        var reached = await WaitForResourceAsync(
            resourceName, e => isMeant(e) && (IsReady(e) || (waitBehavior == WaitBehavior.StopOnResourceUnavailable && IsUnavailable(e))), cancellationToken)
            .ConfigureAwait(false);
        if (!IsReady(reached))
        {
            throw new DistributedApplicationException($"Stopped waiting for resource '{resourceName}' to become healthy because {Reason(reached)}.");
        }

        await reached.Snapshot.Ready!.WaitAsync(cancellationToken).ConfigureAwait(false);
        return reached;
    }

    /// <summary>Waits for one replica; a dependency is there when all of them are.</summary>
    private async Task WaitAsync(WaitAnnotation wait, string instanceId, CancellationToken cancellationToken)
    {
        var name = wait.Resource.Name;
        var behavior = wait.WaitBehavior ?? DefaultWaitBehavior;
        switch (wait.WaitType)
        {
            case WaitType.WaitUntilHealthy:
                await WaitForHealthyAsync(name, IsMeant, behavior, cancellationToken).ConfigureAwait(false);
                break;

            case WaitType.WaitUntilStarted:
                var started = await WaitForResourceAsync(
                    name, e => IsMeant(e) && (IsRunning(e) || (behavior == WaitBehavior.StopOnResourceUnavailable && IsUnavailable(e))), cancellationToken).ConfigureAwait(false);
                if (!IsRunning(started))
                {
                    throw new DistributedApplicationException($"Stopped waiting for resource '{name}' to start because {Reason(started)}.");
                }

                break;

            default:
                var ended = await WaitForResourceAsync(
                    name, e => IsMeant(e) && KnownResourceStates.TerminalStates.Contains(e.Snapshot.State?.Text), cancellationToken).ConfigureAwait(false);
                if (ended.Snapshot.State?.Text == KnownResourceStates.FailedToStart || (ended.Snapshot.ExitCode is { } code && code != wait.ExitCode))
                {
                    throw new DistributedApplicationException(
                        $"Stopped waiting for resource '{name}' to complete because it ended in the state '{ended.Snapshot.State?.Text}' with exit code '{ended.Snapshot.ExitCode}', expected '{wait.ExitCode}'.");
                }

                break;
        }

        bool IsMeant(ResourceEvent e) => e.ResourceId == instanceId;
    }

    private static partial class WaitLog
    {
        [LoggerMessage(LogLevel.Information, "Waiting for {Resources}.")]
        public static partial void Waiting(ILogger logger, string resources);
    }
}
