using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Platform.ServiceDefaults;

/// <summary>
/// Sends what is still held back when the service stops: all signals at once and within a bound. The SDK would do it one after the other,
/// and a receiver that is gone too would hold the process until it is killed. What is not sent within the bound is lost, and nobody counts
/// it. Registered first, so that it stops last.
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
