using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace Platform.ServiceDefaults;

/// <summary>
/// Says when a dependency went away and when it is back, once each, whoever noticed. The health checks' own lines say so at every probe,
/// and would be an error event each.
/// </summary>
internal sealed partial class DependencyLog(HealthCheckService health, TimeProvider time, ILogger<DependencyLog> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // Bounded by the registered checks.
    private readonly Dictionary<string, HealthStatus> _known = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            Compare(await LookAsync(stoppingToken));
        }
    }

    // Probes make no spans. Nor would they make log records, so what they find is told outside.
    private async Task<HealthReport> LookAsync(CancellationToken stoppingToken)
    {
        using var quiet = SuppressInstrumentationScope.Begin();
        return await health.CheckHealthAsync(stoppingToken);
    }

    internal void Compare(HealthReport report)
    {
        foreach (var (name, entry) in report.Entries)
        {
            // What is well at the first look is nothing to tell.
            var before = _known.GetValueOrDefault(name, HealthStatus.Healthy);
            _known[name] = entry.Status;
            if (before == HealthStatus.Healthy && entry.Status != HealthStatus.Healthy)
            {
                LogLost(name, entry.Status);
            }
            else if (before != HealthStatus.Healthy && entry.Status == HealthStatus.Healthy)
            {
                LogAvailable(name);
            }
        }
    }

    [LoggerMessage(EventId = 9423, EventName = "dependency.lost", Level = LogLevel.Warning, Message = "{Dependency} is away: {Health}")]
    private partial void LogLost(string dependency, HealthStatus health);

    [LoggerMessage(
        EventId = 9424,
        EventName = "dependency.available",
        Level = LogLevel.Information,
        Message = "{Dependency} is there again"
    )]
    private partial void LogAvailable(string dependency);
}
