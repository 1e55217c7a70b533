using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Run;

/// <summary>Publishes what becomes of an instance, and of the resources that live in it: a database has no process, its state is its server's.</summary>
internal sealed partial class ResourceStates(
    DistributedApplicationModel model, IDistributedApplicationEventing eventing, ResourceNotificationService notifications, IServiceProvider services,
    ILogger<DistributedApplication> logger)
{
    public async Task PublishAsync(IResource resource, string instanceId, Func<CustomResourceSnapshot, CustomResourceSnapshot> change)
    {
        CustomResourceSnapshot? changed = null;
        await notifications.PublishUpdateAsync(resource, instanceId, s => changed = WithUrls(change(s))).ConfigureAwait(false);
        foreach (var child in WithChildren(resource).Skip(1))
        {
            await notifications.PublishUpdateAsync(child, s => s with
            {
                State = changed!.State,
                StartTimeStamp = changed.StartTimeStamp,
                StopTimeStamp = changed.StopTimeStamp,
                HealthReports = s.State?.Text == KnownResourceStates.Running && changed.State?.Text == KnownResourceStates.Running ? s.HealthReports : HealthMonitor.Unknown(child),
                Ready = changed.State?.Text == KnownResourceStates.Running ? s.Ready : null,
            }).ConfigureAwait(false);
        }
    }

    public async Task AnnounceConnectionStringAsync(IResource resource, CancellationToken cancellationToken)
    {
        foreach (var available in WithChildren(resource).OfType<IResourceWithConnectionString>())
        {
            await eventing.PublishAsync(new ConnectionStringAvailableEvent(available, services), cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task RaiseStoppedAsync(IResource resource, string instanceId)
    {
        foreach (var stopped in WithChildren(resource))
        {
            if (notifications.TryGetCurrentState(stopped == resource ? instanceId : stopped.Name, out var state))
            {
                try
                {
                    await eventing.PublishAsync(new ResourceStoppedEvent(stopped, services, state), CancellationToken.None).ConfigureAwait(false);
                }
#pragma warning disable CA1031 // A subscriber's failure must not hide the resource's end.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    Log.StoppedFailed(logger, e, stopped.Name);
                }
            }
        }
    }

    public IEnumerable<IResource> WithChildren(IResource resource) =>
        model.Resources.Where(r => r == resource || (!r.IsProcess() && r.SelfAndAncestors().Contains(resource))).OrderBy(r => r == resource ? 0 : 1);

    private static CustomResourceSnapshot WithUrls(CustomResourceSnapshot snapshot) => snapshot with
    {
        Urls = [.. snapshot.Urls.Select(u => u.Name is null ? u : u with { IsInactive = snapshot.State?.Text != KnownResourceStates.Running })],
    };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A subscriber of the stopped event of '{Resource}' failed.")]
        public static partial void StoppedFailed(ILogger logger, Exception exception, string resource);
    }
}

internal static class SnapshotProperties
{
    public static ImmutableArray<ResourcePropertySnapshot> With(
        this ImmutableArray<ResourcePropertySnapshot> properties, string name, object? value, bool isSensitive = false) =>
        [.. properties.Where(p => p.Name != name), new ResourcePropertySnapshot(name, value) { IsSensitive = isSensitive }];
}
