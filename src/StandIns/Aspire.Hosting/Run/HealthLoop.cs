namespace Aspire.Hosting.Run;

/// <summary>The loop that checks one resource, and the instances it is for.</summary>
internal sealed class HealthLoop(CancellationTokenSource stop)
{
    private readonly Lock _lock = new();

    // Bounded by the number of replicas.
    private readonly HashSet<string> _instances = [];
    private TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _loop = Task.CompletedTask;

    public CancellationToken Stopping { get; } = stop.Token;

    public IReadOnlyList<string> Instances
    {
        get
        {
            lock (_lock)
            {
                return [.. _instances];
            }
        }
    }

    /// <summary>Completes with the next instance that starts.</summary>
    public Task Woken
    {
        get
        {
            lock (_lock)
            {
                return _woken.Task;
            }
        }
    }

    public void Run(Func<Task> loop) => _loop = Task.Run(loop, Stopping);

    public void Add(string instanceId)
    {
        lock (_lock)
        {
            _instances.Add(instanceId);
            _woken.SetResult();
            _woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>True when that was the last one.</summary>
    public bool Remove(string instanceId)
    {
        lock (_lock)
        {
            return _instances.Remove(instanceId) && _instances.Count == 0;
        }
    }

    public async Task StopAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }
}
