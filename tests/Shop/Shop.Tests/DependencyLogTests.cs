using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Platform.ServiceDefaults;
using Platform.Shop.Tests.Support;

namespace Platform.Shop.Tests;

/// <summary>What a process says of what it depends on.</summary>
public sealed class DependencyLogTests
{
    /// <summary>Who was started anew after an outage has to say that it is over: its predecessor cannot.</summary>
    [Fact]
    public void Compare_FromTheFirstProbeOn_SaysEachChangeOnce()
    {
        using var lines = new Lines();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(lines));
        using var log = new DependencyLog(null!, TimeProvider.System, loggers.CreateLogger<DependencyLog>());

        log.Compare(Report(HealthStatus.Healthy, HealthStatus.Degraded));
        log.Compare(Report(HealthStatus.Healthy, HealthStatus.Unhealthy));
        log.Compare(Report(HealthStatus.Unhealthy, HealthStatus.Healthy));
        log.Compare(Report(HealthStatus.Unhealthy, HealthStatus.Healthy));

        Assert.Equal(
            [
                ("dependency.available", "database is available"),
                ("dependency.lost", "broker is unavailable: Degraded"),
                ("dependency.lost", "database is unavailable: Unhealthy"),
                ("dependency.available", "broker is available"),
            ],
            lines.All.Select(line => (line.Event, line.Message))
        );
    }

    private static HealthReport Report(HealthStatus database, HealthStatus broker) =>
        new(
            new Dictionary<string, HealthReportEntry>
            {
                ["database"] = new(database, null, TimeSpan.Zero, null, null),
                ["broker"] = new(broker, null, TimeSpan.Zero, null, null),
            },
            TimeSpan.Zero
        );
}
