using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace Platform.ServiceDefaults;

/// <summary>
/// Logs what a process finds when it starts, then once when a dependency becomes unavailable and once when it recovers. The health checks'
/// own lines repeat at every probe, and each would be an error event.
/// </summary>
internal sealed partial class DependencyLog(HealthCheckService health, TimeProvider time, ILogger<DependencyLog> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // Bounded by the registered health checks.
    private readonly Dictionary<string, bool> _known = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            Compare(await ProbeAsync(stoppingToken));
        }
    }

    // Probes are not recorded. That would suppress log records too, so results are logged outside this scope.
    private async Task<HealthReport> ProbeAsync(CancellationToken stoppingToken)
    {
        using var suppressed = SuppressInstrumentationScope.Begin();
        return await health.CheckHealthAsync(stoppingToken);
    }

    internal void Compare(HealthReport report)
    {
        foreach (var (name, entry) in report.Entries)
        {
            // A process that was started anew has no line of what its predecessor lost: it says at its first probe what there is.
            var isAvailable = entry.Status == HealthStatus.Healthy;
            if (_known.TryGetValue(name, out var wasAvailable) && wasAvailable == isAvailable)
            {
                continue;
            }

            _known[name] = isAvailable;
            if (isAvailable)
            {
                LogAvailable(name);
            }
            else
            {
                LogLost(name, entry.Status);
            }
        }
    }

    [LoggerMessage(
        EventId = 9423,
        EventName = "dependency.lost",
        Level = LogLevel.Warning,
        Message = "{Dependency} is unavailable: {Health}"
    )]
    private partial void LogLost(string dependency, HealthStatus health);

    [LoggerMessage(EventId = 9424, EventName = "dependency.available", Level = LogLevel.Information, Message = "{Dependency} is available")]
    private partial void LogAvailable(string dependency);
}
