using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Run;

/// <summary>Runs the checks of running resources, one loop per resource however many replicas it has, and raises the ready event on the first healthy report.</summary>
internal sealed partial class HealthMonitor(
    HealthCheckService checks, ResourceNotificationService notifications, IDistributedApplicationEventing eventing, IServiceProvider services,
    TimeProvider time, ILogger<HealthMonitor> logger) : IAsyncDisposable
{
    // Faster than Aspire's own loop (1, 2, 3 s) until the first healthy report: everything that waits for a server starts with it.
    private static readonly TimeSpan StartingInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan HealthyInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestUnhealthyInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();

    // Bounded by the number of resources.
    private readonly Dictionary<IResource, HealthLoop> _loops = [];

    /// <summary>The reports before any check has run: not yet healthy.</summary>
    public static ImmutableArray<HealthReportSnapshot> Unknown(IResource resource) =>
        [.. Keys(resource).Select(key => new HealthReportSnapshot(key, null, null, null))];

    /// <summary>An instance runs: the first one starts the loop, a further one makes it look again at once.</summary>
    public void Begin(IResource resource, string instanceId)
    {
        lock (_lock)
        {
            if (_loops.TryGetValue(resource, out var running))
            {
                running.Add(instanceId);
                return;
            }

            var loop = new HealthLoop(new CancellationTokenSource());
            loop.Add(instanceId);
            _loops[resource] = loop;
            loop.Run(() => RunAsync(resource, loop));
        }
    }

    /// <summary>An instance has ended; with the last one the loop is over when this returns.</summary>
    public async Task EndAsync(IResource resource, string instanceId)
    {
        HealthLoop? over;
        lock (_lock)
        {
            if (!_loops.TryGetValue(resource, out over) || !over.Remove(instanceId))
            {
                return;
            }

            _loops.Remove(resource);
        }

        await over.StopAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        HealthLoop[] loops;
        lock (_lock)
        {
            loops = [.. _loops.Values];
            _loops.Clear();
        }

        await Task.WhenAll(loops.Select(l => l.StopAsync())).ConfigureAwait(false);
    }

    private static IEnumerable<string> Keys(IResource resource) =>
        resource.TryGetAnnotationsIncludingAncestorsOfType<HealthCheckAnnotation>(out var found) ? found.Select(a => a.Key).Distinct() : [];

    private async Task RunAsync(IResource resource, HealthLoop loop)
    {
        var keys = Keys(resource).ToHashSet();
        var (ready, failures) = (default(Task), 0);
        while (!loop.Stopping.IsCancellationRequested)
        {
            var woken = loop.Woken;
            var reports = keys.Count == 0 ? [] : await CheckAsync(keys, loop.Stopping).ConfigureAwait(false);
            var healthy = reports.All(r => r.Status == HealthStatus.Healthy);
            failures = healthy ? 0 : failures + 1;
            if (healthy)
            {
                ready ??= RaiseReady(resource, loop.Stopping);
            }

            loop.Stopping.ThrowIfCancellationRequested();
            foreach (var id in resource.IsProcess() ? loop.Instances : [resource.Name])
            {
                await notifications.PublishUpdateAsync(
                    resource, id, s => s.State?.Text == KnownResourceStates.Running ? s with { HealthReports = reports, Ready = ready } : s).ConfigureAwait(false);
            }

            var pause = keys.Count == 0 ? Timeout.InfiniteTimeSpan
                : healthy ? HealthyInterval
                : ready is null ? StartingInterval
                : TimeSpan.FromSeconds(Math.Min(failures, LongestUnhealthyInterval.TotalSeconds));
            using var end = CancellationTokenSource.CreateLinkedTokenSource(loop.Stopping);
            await Task.WhenAny(woken, Task.Delay(pause, time, end.Token)).ConfigureAwait(false);
            await end.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task<ImmutableArray<HealthReportSnapshot>> CheckAsync(HashSet<string> keys, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CheckTimeout);
        try
        {
            var report = await checks.CheckHealthAsync(registration => keys.Contains(registration.Name), limit.Token).ConfigureAwait(false);
            var now = time.GetUtcNow().UtcDateTime;
            return
            [
                .. keys.Select(key => report.Entries.TryGetValue(key, out var entry)
                    ? new HealthReportSnapshot(key, entry.Status, entry.Description, entry.Exception?.ToString()) { LastRunAt = now }
                    : new HealthReportSnapshot(key, HealthStatus.Unhealthy, $"No health check '{key}' is registered.", null) { LastRunAt = now }),
            ];
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return [.. keys.Select(key => new HealthReportSnapshot(key, HealthStatus.Unhealthy, $"No answer within {CheckTimeout.TotalSeconds:0} s.", null))];
        }
    }

    // Whoever waits for the resource also waits for the subscribers of its ready event: a server's databases are created there.
    private Task RaiseReady(IResource resource, CancellationToken cancellationToken)
    {
        var subscribers = Task.Run(
            () => eventing.PublishAsync(new ResourceReadyEvent(resource, services), EventDispatchBehavior.BlockingSequential, cancellationToken), cancellationToken);
        _ = subscribers.ContinueWith(
            failed => Log.ReadyFailed(logger, failed.Exception!.InnerException!, resource.Name), CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return subscribers;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A subscriber of the ready event of '{Resource}' failed.")]
        public static partial void ReadyFailed(ILogger logger, Exception exception, string resource);
    }
}
