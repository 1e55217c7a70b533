using System.Diagnostics;
using Aspire.Hosting;

namespace Platform.Bench;

/// <summary>When each resource starts and becomes healthy.</summary>
internal sealed class StartTimes(DistributedApplication app, IReadOnlyCollection<string> names, Report report)
{
    private const double Goal = 1.5;

    public async Task MeasureAsync(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var starting = app.StartAsync(cancellationToken);
        var times = await Task.WhenAll(names.Select(name => WatchAsync(name, clock, cancellationToken)));
        await starting;
        var all = clock.Elapsed;

        foreach (var (name, started, healthy) in times.OrderBy(time => time.Healthy))
        {
            report.Add($"{name}, started / healthy after", $"{started.TotalSeconds:F1} / {healthy.TotalSeconds:F1} s");
        }

        // A server waits for no other resource, so its time from start to healthy is its own.
        var slowest = times.Where(time => time.Name is "postgres" or "redis" or "rabbitmq").MaxBy(time => time.Healthy - time.Started);
        var own = slowest.Healthy - slowest.Started;
        report.Add(
            "all healthy",
            $"{all.TotalSeconds:F1} s, {all / own:F2} times {slowest.Name}'s own {own.TotalSeconds:F1} s",
            $"{Goal} times",
            all / own <= Goal
        );
    }

    private async Task<(string Name, TimeSpan Started, TimeSpan Healthy)> WatchAsync(
        string name,
        Stopwatch clock,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await app.ResourceNotifications.WaitForResourceAsync(
                name,
                resource => resource.Snapshot.StartTimeStamp is not null,
                cancellationToken
            );
            var started = clock.Elapsed;
            await app.ResourceNotifications.WaitForResourceHealthyAsync(name, cancellationToken);
            return (name, started, clock.Elapsed);
        }
        catch (OperationCanceledException)
        {
            var state = app.ResourceNotifications.TryGetCurrentState(name, out var current) ? current.Snapshot.State?.Text : null;
            report.Add(name, $"not healthy after {clock.Elapsed.TotalSeconds:F1} s: {state ?? "no state"}");
            throw;
        }
    }
}
