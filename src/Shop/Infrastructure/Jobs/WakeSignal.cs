namespace Platform.Infrastructure.Jobs;

/// <summary>Wakes a background job at once instead of at its next poll. Several notices before a wait are one.</summary>
public class WakeSignal : IDisposable
{
    private readonly SemaphoreSlim _semaphore = new(0, 1);
    private readonly Lock _gate = new();

    public void Notify()
    {
        lock (_gate)
        {
            if (_semaphore.CurrentCount == 0)
            {
                _semaphore.Release();
            }
        }
    }

    /// <summary>Returns when notified, or when the time has passed.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => _semaphore.WaitAsync(atMost, cancellationToken);

    public void Dispose()
    {
        _semaphore.Dispose();
        GC.SuppressFinalize(this);
    }
}
