using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Platform.ServiceDefaults;

/// <summary>
/// Flushes telemetry at shutdown, all signals concurrently and within a time limit. The SDK would flush them one after another, and an
/// unavailable receiver would hold the process until it is killed. What is not sent in time is lost without a count. Registered first so
/// that it stops last.
/// </summary>
internal sealed class TelemetryShutdown(IServiceProvider services) : IHostedService
{
    private const int LimitMilliseconds = 2_000;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(
            Task.Run(() => services.GetService<TracerProvider>()?.Shutdown(LimitMilliseconds), CancellationToken.None),
            Task.Run(() => services.GetService<MeterProvider>()?.Shutdown(LimitMilliseconds), CancellationToken.None),
            Task.Run(() => services.GetService<LoggerProvider>()?.Shutdown(LimitMilliseconds), CancellationToken.None)
        );
}
