using Microsoft.Extensions.Hosting;

namespace Platform.Faults;

/// <summary>
/// A background service that runs before the first resource is started. Others run once all have started, because the orchestrator's own
/// start lasts as long: minutes, while a server is installed or its image is fetched. It is stopped as others are, before the resources;
/// and not at all, like others, when the start is broken off. What it throws is told when the start is over.
/// </summary>
public abstract class EarlyService : BackgroundService, IHostedLifecycleService
{
    /// <summary>Instead of <see cref="StartAsync"/>.</summary>
    public virtual Task StartingAsync(CancellationToken cancellationToken) => base.StartAsync(cancellationToken);

    /// <summary>It runs already.</summary>
    public sealed override Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
