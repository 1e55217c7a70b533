using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Run;

/// <summary>What one watcher of the resources has not read yet, oldest first.</summary>
internal sealed class ResourceWatcher(IReadOnlyList<ResourceEvent> initial)
{
    // A watcher this far behind gets only the newest event of each instance.
    private const int MaxPending = 1_000;

    private readonly Lock _lock = new();
    private List<ResourceEvent> _pending = [];
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How things stood when the watch began.</summary>
    public IReadOnlyList<ResourceEvent> Initial { get; } = initial;

    public void Add(ResourceEvent @event)
    {
        lock (_lock)
        {
            if (_pending.Count >= MaxPending)
            {
                _pending = [.. Enumerable.Reverse(_pending).DistinctBy(e => e.ResourceId).Reverse()];
            }

            _pending.Add(@event);
            _arrived.TrySetResult();
        }
    }

    /// <summary>Everything that happened since the last call; waits until there is something.</summary>
    public async Task<IReadOnlyList<ResourceEvent>> ReadAsync(CancellationToken cancellationToken)
    {
        await _arrived.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            var events = _pending;
            _pending = [];
            _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return events;
        }
    }
}
