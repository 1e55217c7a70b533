using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Platform.Faults.RabbitMq;

/// <summary>
/// Somebody's script deletes a queue again and again; an empty one, so that no message is lost with it. Its consumer declares it again.
/// </summary>
public sealed class QueueDeleted(string server, IReadOnlyList<string> queues, string usersFeel)
    : Fault(
        server,
        new FaultText(
            "queue-deleted",
            "Queue deleted",
            "Delete",
            usersFeel,
            "The consumer logs that its queue was deleted, publishes come back as unroutable and their outbox rows wait."
        )
    )
{
    public override IReadOnlyList<string> Scopes => queues;

    public override Strength Strength => new("Every", "s", 0.2, 60, 0.5);

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        var factory = new ConnectionFactory { Uri = new Uri(await target.ConnectionStringAsync(cancellationToken)) };
        return await Repeating.StartAsync(DeleteAsync, TimeSpan.FromSeconds(target.Strength), target, cancellationToken);

        async Task DeleteAsync(CancellationToken token)
        {
            await using var connection = await factory.CreateConnectionAsync(token);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: token);
            try
            {
                await channel.QueueDeleteAsync(target.Scope, ifUnused: false, ifEmpty: true, cancellationToken: token);
            }
            catch (OperationInterruptedException)
            {
                // Not empty at this moment.
            }
        }
    }
}
