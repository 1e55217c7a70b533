using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>The application as the test sees it: the entry point starts and ends it, the test waits for that.</summary>
internal sealed class TestedApplication(DistributedApplication inner, EntryPoint entryPoint) : DistributedApplication(inner)
{
    /// <summary>Longer than stopping every resource takes.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(60);

    private bool _disposed;

    public override async Task StartAsync(CancellationToken cancellationToken = default)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.Register(started.SetResult);
        var first = await Task.WhenAny(started.Task, entryPoint.Finished).WaitAsync(cancellationToken).ConfigureAwait(false);

        // An entry point that ended before the start has failed, or never called Run().
        await first.ConfigureAwait(false);
        if (first == entryPoint.Finished)
        {
            throw new InvalidOperationException("The entry point exited without starting the application.");
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (!entryPoint.Finished.IsCompleted)
        {
            Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            await Task.WhenAny(entryPoint.Finished).WaitAsync(StopTimeout, cancellationToken).ConfigureAwait(false);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        // Run() disposes the application itself; a second time does nothing.
        if (!_disposed)
        {
            _disposed = true;
            await StopAsync().ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }
}
