using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.DependencyInjection;

namespace Platform.ServerProcesses;

/// <summary>
/// Integrations (AddPostgres and the like) subscribe to events of the resource they created, which is no longer in the model: each event of
/// the process is republished for that resource. Databases get from here what Aspire gives to children of a container.
/// </summary>
internal static class ServerEvents
{
    public static void Forward(
        IDistributedApplicationEventing eventing,
        ServerProcess process,
        IReadOnlyList<IResourceWithParent> databases
    )
    {
        eventing.Subscribe<ConnectionStringAvailableEvent>(
            process,
            async (available, cancellationToken) =>
            {
                await eventing.PublishAsync<ConnectionStringAvailableEvent>(
                    new ServerConnectionStringAvailableEvent(process, available.Services),
                    cancellationToken
                );
                foreach (var database in databases.OfType<IResourceWithConnectionString>())
                {
                    await eventing.PublishAsync(new ConnectionStringAvailableEvent(database, available.Services), cancellationToken);
                }
            }
        );
        eventing.Subscribe<ResourceReadyEvent>(
            process,
            (ready, cancellationToken) => eventing.PublishAsync(new ResourceReadyEvent(process.Server, ready.Services), cancellationToken)
        );
        eventing.Subscribe<InitializeResourceEvent>(
            (initialize, cancellationToken) =>
            {
                if (databases.Contains(initialize.Resource))
                {
                    _ = FollowAsync(initialize, process, cancellationToken);
                }

                return Task.CompletedTask;
            }
        );
    }

    /// <summary>A database has the state of its server.</summary>
    private static async Task FollowAsync(InitializeResourceEvent database, ServerProcess process, CancellationToken cancellationToken)
    {
        var stopping = database.Services.GetRequiredService<Microsoft.Extensions.Hosting.IHostApplicationLifetime>().ApplicationStopping;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping);
        try
        {
            await foreach (var change in database.Notifications.WatchAsync(either.Token))
            {
                if (change.Resource == process)
                {
                    await database.Notifications.PublishUpdateAsync(
                        database.Resource,
                        state =>
                            state with
                            {
                                State = change.Snapshot.State,
                                StartTimeStamp = change.Snapshot.StartTimeStamp,
                                StopTimeStamp = change.Snapshot.StopTimeStamp,
                            }
                    );
                }
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // Shutdown.
        }
#pragma warning disable CA1031 // Nobody awaits this: log why the database's state is stuck.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            database.Services.GetRequiredService<ResourceLoggerService>().GetLogger(database.Resource).LogNotFollowed(exception);
        }
    }

    /// <summary>
    /// Subscribers see an event of the server, because they are looked up by the interface's property. The orchestrator, which shows the
    /// connection string, sees one of the process: it knows no other resource of that name.
    /// </summary>
    private sealed class ServerConnectionStringAvailableEvent(ServerProcess process, IServiceProvider services)
        : ConnectionStringAvailableEvent(process, services),
            IDistributedApplicationResourceEvent
    {
        IResource IDistributedApplicationResourceEvent.Resource => process.Server;
    }
}
