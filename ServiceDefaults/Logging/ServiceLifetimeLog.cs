using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Platform.ServiceDefaults.Telemetry;

namespace Platform.ServiceDefaults.Logging;

/// <summary>Says when a service is up and when it stops, and with which release.</summary>
internal sealed partial class ServiceLifetimeLog(ServiceIdentity identity, ILogger<ServiceLifetimeLog> logger) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        LogStarted(identity.Service, identity.Release, identity.Environment);
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        LogStopping(identity.Service);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(
        EventId = 9421,
        EventName = "service.started",
        Level = LogLevel.Information,
        Message = "{Name} started: release {Version}, {DeploymentEnvironment}"
    )]
    private partial void LogStarted(string name, string version, string deploymentEnvironment);

    [LoggerMessage(EventId = 9422, EventName = "service.stopping", Level = LogLevel.Information, Message = "{Name} stops")]
    private partial void LogStopping(string name);
}
