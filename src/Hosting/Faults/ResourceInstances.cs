using System.Collections.Concurrent;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Platform.Faults;

/// <summary>The instances of each resource, as the orchestrator last told of them.</summary>
internal sealed class ResourceInstances(ResourceNotificationService notifications) : EarlyService
{
    // Of the orchestrator's snapshot of a process.
    private const string ProcessIdProperty = "executable.pid";

    // By resource id; bounded by the model's instances.
    private readonly ConcurrentDictionary<string, ResourceEvent> _known = new(StringComparer.Ordinal);

    /// <summary>After each change.</summary>
    public event Action<ResourceEvent>? Changed;

    /// <summary>Resource ids such as orders-nkshygzk; empty before the resource was started.</summary>
    public IReadOnlyList<string> Of(string resource) =>
        [.. _known.Values.Where(known => known.Resource.Name == resource).Select(known => known.ResourceId).Order(StringComparer.Ordinal)];

    public bool IsRunning(string id) => _known.TryGetValue(id, out var known) && known.Snapshot.State?.Text == KnownResourceStates.Running;

    public bool HasEnded(string id) =>
        _known.TryGetValue(id, out var known) && KnownResourceStates.TerminalStates.Contains(known.Snapshot.State?.Text);

    /// <summary>Null for what does not run, or not as a process.</summary>
    public int? ProcessOf(string id) =>
        IsRunning(id)
        && int.TryParse(
            _known[id].Snapshot.Properties.FirstOrDefault(property => property.Name == ProcessIdProperty)?.Value?.ToString(),
            CultureInfo.InvariantCulture,
            out var process
        )
            ? process
            : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            _known[change.ResourceId] = change;
            Changed?.Invoke(change);
        }
    }
}
