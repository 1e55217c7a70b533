using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Platform.Infrastructure.Data;

namespace Platform.Infrastructure.Jobs;

/// <summary>
/// A recurring job on the service's database: first run soon after the start, so that restarts neither skip nor delay it, then an interval
/// after each run. A failed run is retried by the next.
/// </summary>
/// <param name="name">As in job.name: lower case with underscores, e.g. "restock_products".</param>
/// <param name="interval">From the end of a run to the start of the next.</param>
/// <param name="schema">Awaited before the first run.</param>
/// <param name="runs">Reports each run.</param>
/// <param name="time">Clock of the interval.</param>
public abstract class ScheduledJob(string name, TimeSpan interval, DatabaseSchema schema, JobRuns runs, TimeProvider time)
    : BackgroundService
{
    // Let the service start first.
    private static readonly TimeSpan LongestFirstDelay = TimeSpan.FromSeconds(10);

    /// <summary>Runs the job once.</summary>
    protected abstract Task RunOnceAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        runs.Schedule(name);
        await schema.WaitUntilAppliedAsync(stoppingToken);
        await Task.Delay(interval < LongestFirstDelay ? interval : LongestFirstDelay, time, stoppingToken);
        while (true)
        {
            await runs.RunAsync(name, interval, RunOnceAsync, stoppingToken);
            await Task.Delay(interval, time, stoppingToken);
        }
    }
}

public static class JobsExtensions
{
    /// <summary>Registers a scheduled job; adding the same job again has no effect.</summary>
    public static IServiceCollection AddScheduledJob<TJob>(this IServiceCollection services)
        where TJob : ScheduledJob
    {
        services.TryAddSingleton<JobMetrics>();
        services.TryAddSingleton<JobRuns>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, TJob>());
        return services;
    }
}
