using Microsoft.Extensions.Hosting;
using Platform.Infrastructure.Data;

namespace Platform.Infrastructure.Jobs;

/// <summary>
/// A job of the service's database that runs again and again: soon after the start, so that restarts neither skip nor delay it, and then an
/// interval after the last run. A failed run is made up for by the next.
/// </summary>
/// <param name="name">As in job.name: lower case with underscores, e.g. "restock_products".</param>
/// <param name="interval">From the end of a run to the beginning of the next.</param>
/// <param name="schema">Tables are there before the first run.</param>
/// <param name="runs">Makes each run visible.</param>
/// <param name="time">The clock of the interval.</param>
public abstract class ScheduledJob(string name, TimeSpan interval, DatabaseSchema schema, JobRuns runs, TimeProvider time)
    : BackgroundService
{
    // Not in the way of a service that has just started.
    private static readonly TimeSpan LongestFirstDelay = TimeSpan.FromSeconds(10);

    /// <summary>One run.</summary>
    protected abstract Task RunOnceAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await schema.WaitUntilAppliedAsync(stoppingToken);
        await Task.Delay(interval < LongestFirstDelay ? interval : LongestFirstDelay, time, stoppingToken);
        while (true)
        {
            await runs.RunAsync(name, interval, RunOnceAsync, stoppingToken);
            await Task.Delay(interval, time, stoppingToken);
        }
    }
}
