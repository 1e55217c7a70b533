using System.Collections.Concurrent;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Run;

/// <summary>Starts and stops single resources and publishes what becomes of them.</summary>
internal sealed partial class ResourceLifecycle(
    ResourceStates states, IDistributedApplicationEventing eventing, ResourceNotificationService notifications, ResourceLoggerService loggers,
    Launcher launcher, HealthMonitor health, IServiceProvider services, TimeProvider time, ILogger<DistributedApplication> logger)
    : IAsyncDisposable
{
    // Bounded by the number of instances.
    private readonly ConcurrentDictionary<string, Period> _periods = [];
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Starts a resource the way the application does at its start: after everything it waits for. Never throws for the resource's own failures.</summary>
    public Task StartAsync(IResource resource, CancellationToken cancellationToken) => StartAsync(resource, resource.Instances(), cancellationToken);

    /// <summary>The start command: a resource that still waits stops waiting.</summary>
    public async Task StartByCommandAsync(IResource resource, string instanceId, CancellationToken cancellationToken)
    {
        if (_periods.TryGetValue(instanceId, out var period))
        {
            period.Start.SkipWait.TrySetResult();
            return;
        }

        // Whoever gave the command may go away; the start goes on.
        await StartAsync(resource, [resource.Instances().Single(i => i.Id == instanceId)], _stopping.Token).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (notifications.TryGetCurrentState(instanceId, out var state) && state.Snapshot.State?.Text == KnownResourceStates.FailedToStart)
        {
            throw new DistributedApplicationException($"Resource '{resource.Name}' failed to start; its log says why.");
        }
    }

    public async Task RestartByCommandAsync(IResource resource, string instanceId, CancellationToken cancellationToken)
    {
        if (_periods.TryGetValue(instanceId, out var period) && period.Process is null)
        {
            throw new DistributedApplicationException($"Resource '{resource.Name}' does not run yet and cannot be restarted.");
        }

        await StopAsync(resource, instanceId).ConfigureAwait(false);
        await StartByCommandAsync(resource, instanceId, cancellationToken).ConfigureAwait(false);
    }

    public async Task StopAsync(IResource resource, string instanceId)
    {
        if (!_periods.TryGetValue(instanceId, out var period))
        {
            return;
        }

        period.IsEnding = true;
        if (period.Process is { } process)
        {
            await states.PublishAsync(resource, instanceId, s => s with { State = KnownResourceStates.Stopping }).ConfigureAwait(false);
            await process.StopAsync().ConfigureAwait(false);
            await period.Ended.Task.ConfigureAwait(false);
        }
        else
        {
            await period.CancelStartAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Everything at once: nothing that runs needs another resource to stop well.</summary>
    public async Task StopAllAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_periods.Select(p => StopAsync(p.Value.Instance.Resource, p.Key))).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAllAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task StartAsync(IResource resource, IReadOnlyList<InstanceAnnotation> instances, CancellationToken cancellationToken)
    {
        var start = new SharedStart(new CancellationTokenSource());
        Period[] periods = [.. instances.Select(i => new Period(i, start, new CancellationTokenSource())).Where(p => _periods.TryAdd(p.Instance.Id, p))];
        start.Periods = periods;
        try
        {
            await PrepareAsync(resource, start, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // One resource's failure is its state; the others go on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            await Task.WhenAll(periods.Select(p => GiveUpAsync(resource, p, e, cancellationToken))).ConfigureAwait(false);
            return;
        }

        foreach (var period in periods)
        {
            try
            {
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, period.Stop.Token, _stopping.Token);
                stop.Token.ThrowIfCancellationRequested();
                await LaunchAsync(resource, period, stop.Token).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // As above, for one replica.
            catch (Exception e)
#pragma warning restore CA1031
            {
                await GiveUpAsync(resource, period, e, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>What happens once for a resource, however many replicas it has.</summary>
    private async Task PrepareAsync(IResource resource, SharedStart start, CancellationToken cancellationToken)
    {
        if (start.Periods.Count == 0)
        {
            return;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, start.Cancel.Token, _stopping.Token);
        await states.AnnounceConnectionStringAsync(resource, stop.Token).ConfigureAwait(false);
        foreach (var period in start.Periods)
        {
            await states.PublishAsync(resource, period.Instance.Id, s => s with
            {
                State = KnownResourceStates.Starting,
                ExitCode = null,
                StopTimeStamp = null,
                Ready = null,
            }).ConfigureAwait(false);
        }

        await eventing.PublishAsync(new BeforeResourceStartedEvent(resource, services), stop.Token).ConfigureAwait(false);
        using var skip = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var waiting = notifications.WaitForDependenciesAsync(resource, [.. start.Periods.Select(p => p.Instance.Id)], skip.Token);
        if (await Task.WhenAny(waiting, start.SkipWait.Task).ConfigureAwait(false) == waiting)
        {
            await waiting.ConfigureAwait(false);
        }
        else
        {
            await skip.CancelAsync().ConfigureAwait(false);
            await waiting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LaunchAsync(IResource resource, Period period, CancellationToken cancellationToken)
    {
        var id = period.Instance.Id;
        await states.PublishAsync(resource, id, s => s with { State = KnownResourceStates.Starting, HealthReports = HealthMonitor.Unknown(resource) }).ConfigureAwait(false);
        var (spec, process) = await launcher.LaunchAsync(resource, period.Instance, () => Connectable(resource), cancellationToken).ConfigureAwait(false);
        period.Process = process;
        await states.PublishAsync(resource, id, s => s with
        {
            State = KnownResourceStates.Running,
            StartTimeStamp = time.GetUtcNow().UtcDateTime,
            EnvironmentVariables = [.. spec.ModelEnvironment.Select(v => new EnvironmentVariableSnapshot(v.Key, v.Value, IsFromSpec: true))],
            Properties = s.Properties
                .With("executable.path", spec.Executable)
                .With("executable.workDir", spec.WorkingDirectory)
                .With("executable.args", spec.Arguments.ToArray(), isSensitive: true)
                .With("executable.pid", process.Id),
        }).ConfigureAwait(false);

        foreach (var running in states.WithChildren(resource))
        {
            health.Begin(running, id);
        }

        _ = FollowAsync(resource, period, process);

        // Stopped between the spawn and here: the stop saw no process yet.
        if (period.Stop.IsCancellationRequested)
        {
            await process.StopAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The instances a new connection may go to.</summary>
    private IEnumerable<string> Connectable(IResource resource) =>
        resource.InstanceIds().Where(id => _periods.TryGetValue(id, out var period) && period is { Process: not null, IsEnding: false });

    /// <summary>Waits for the end of a process, whoever ended it. Nothing restarts it by itself.</summary>
    private async Task FollowAsync(IResource resource, Period period, RunningProcess process)
    {
        var id = period.Instance.Id;
        var exitCode = await process.Exited.ConfigureAwait(false);
        await period.Stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(states.WithChildren(resource).Select(r => health.EndAsync(r, id))).ConfigureAwait(false);
        _periods.TryRemove(KeyValuePair.Create(id, period));
        Log.Ended(loggers.GetLogger(id), exitCode);
        await states.PublishAsync(resource, id, s => s with
        {
            State = resource is ContainerResource ? KnownResourceStates.Exited : KnownResourceStates.Finished,
            ExitCode = exitCode,
            StopTimeStamp = time.GetUtcNow().UtcDateTime,
            Properties = s.Properties.With("resource.exitCode", exitCode),
        }).ConfigureAwait(false);

        await states.RaiseStoppedAsync(resource, id).ConfigureAwait(false);
        period.Ended.SetResult();
    }

    /// <summary>The end of a start that came to nothing: somebody stopped it, or it failed.</summary>
    private async Task GiveUpAsync(IResource resource, Period period, Exception reason, CancellationToken cancellationToken)
    {
        var id = period.Instance.Id;
        _periods.TryRemove(KeyValuePair.Create(id, period));
        if (reason is OperationCanceledException
            && (period.Stop.IsCancellationRequested || _stopping.IsCancellationRequested || cancellationToken.IsCancellationRequested))
        {
            await states.PublishAsync(resource, id, s => s with { State = KnownResourceStates.NotStarted }).ConfigureAwait(false);
            return;
        }

        Log.Failed(logger, resource.Name, reason.Message);
        Log.StartFailed(loggers.GetLogger(id), reason);
        await states.PublishAsync(resource, id, s => s with
        {
            State = new ResourceStateSnapshot(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error),
            StopTimeStamp = time.GetUtcNow().UtcDateTime,
        }).ConfigureAwait(false);
        await states.RaiseStoppedAsync(resource, id).ConfigureAwait(false);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Failed to start '{Resource}': {Reason}")]
        public static partial void Failed(ILogger logger, string resource, string reason);

        [LoggerMessage(LogLevel.Error, "Failed to start.")]
        public static partial void StartFailed(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Information, "The process ended with exit code {ExitCode}.")]
        public static partial void Ended(ILogger logger, int exitCode);
    }
}
