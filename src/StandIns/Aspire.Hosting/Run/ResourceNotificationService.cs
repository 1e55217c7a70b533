using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Aspire.Hosting.Run;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

public class ResourceNotificationServiceOptions
{
    public WaitBehavior DefaultWaitBehavior { get; set; }
}

public class ResourceEvent(IResource resource, string resourceId, CustomResourceSnapshot snapshot)
{
    public IResource Resource { get; } = resource;

    public string ResourceId { get; } = resourceId;

    public CustomResourceSnapshot Snapshot { get; } = snapshot;
}

/// <summary>The states of all resources: publishes, watches and waits for them.</summary>
public partial class ResourceNotificationService(
    ILogger<ResourceNotificationService> logger, IHostApplicationLifetime hostApplicationLifetime, IServiceProvider serviceProvider,
    ResourceLoggerService resourceLoggerService) : IDisposable
{
    private readonly Lock _lock = new();

    // Bounded by the number of resources.
    private readonly Dictionary<string, ResourceEvent> _current = new(StringComparer.OrdinalIgnoreCase);

    // One per watcher, which removes it.
    private readonly List<ResourceWatcher> _watchers = [];
    private readonly CancellationTokenSource _disposing = new();

    public async Task PublishUpdateAsync(IResource resource, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        foreach (var id in resource.InstanceIds())
        {
            await PublishUpdateAsync(resource, id, stateFactory).ConfigureAwait(false);
        }
    }

    public Task PublishUpdateAsync(IResource resource, string resourceId, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        lock (_lock)
        {
            var previous = _current.GetValueOrDefault(resourceId)?.Snapshot ?? Initial(resource);
            var next = stateFactory(previous);
            next = next with { Commands = Commands(resource, next) };
            var @event = new ResourceEvent(resource, resourceId, next);
            _current[resourceId] = @event;
            if (previous.State?.Text != next.State?.Text)
            {
                Log.Changed(logger, resource.Name, previous.State?.Text, next.State?.Text);
            }

            foreach (var watcher in _watchers)
            {
                watcher.Add(@event);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>The present state of every resource and then every change.</summary>
    public async IAsyncEnumerable<ResourceEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposing.Token);
        var watcher = Watch();
        try
        {
            for (var events = watcher.Initial; ; events = await watcher.ReadAsync(stop.Token).ConfigureAwait(false))
            {
                foreach (var @event in events)
                {
                    yield return @event;
                }
            }
        }
        finally
        {
            Unwatch(watcher);
        }
    }

    /// <summary>Every event from now on, and how things stand now. The caller ends the watch.</summary>
    internal ResourceWatcher Watch()
    {
        lock (_lock)
        {
            var watcher = new ResourceWatcher([.. _current.Values]);
            _watchers.Add(watcher);
            return watcher;
        }
    }

    internal void Unwatch(ResourceWatcher watcher)
    {
        lock (_lock)
        {
            _watchers.Remove(watcher);
        }
    }

    public bool TryGetCurrentState(string resourceId, [NotNullWhen(true)] out ResourceEvent? resourceEvent)
    {
        lock (_lock)
        {
            // A resource's own name is enough where it has one instance.
            resourceEvent = _current.GetValueOrDefault(resourceId)
                ?? (_current.Values.Where(e => string.Equals(e.Resource.Name, resourceId, StringComparison.OrdinalIgnoreCase)).Take(2).ToArray() is [var only] ? only : null);
            return resourceEvent is not null;
        }
    }

    public void Dispose()
    {
        _disposing.Cancel();
        _disposing.Dispose();
        GC.SuppressFinalize(this);
    }

    private static CustomResourceSnapshot Initial(IResource resource) => resource.TryGetLastAnnotation<ResourceSnapshotAnnotation>(out var initial)
        ? initial.InitialSnapshot
        : new CustomResourceSnapshot { ResourceType = resource.GetType().Name, Properties = [] };

    private System.Collections.Immutable.ImmutableArray<ResourceCommandSnapshot> Commands(IResource resource, CustomResourceSnapshot snapshot) =>
    [
        .. resource.Annotations.OfType<ResourceCommandAnnotation>().Select(command => new ResourceCommandSnapshot(
            command.Name, command.UpdateState(new UpdateCommandStateContext { ResourceSnapshot = snapshot, Services = serviceProvider }),
            command.DisplayName, command.DisplayDescription, command.Parameter, command.ConfirmationMessage, command.IconName, command.IconVariant,
            command.IsHighlighted) { Arguments = command.Arguments }),
    ];

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "Resource {Resource} changed from {Previous} to {Next}.")]
        public static partial void Changed(ILogger logger, string resource, string? previous, string? next);
    }
}
