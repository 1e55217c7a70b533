using Platform.Faults.Processes;
using RabbitMQ.Client;

namespace Platform.Faults.RabbitMq;

/// <summary>
/// The virtual host has as many queues as it may have, and somebody deletes one of them: it cannot be declared again. It is deleted
/// empty, so that no message is lost with it; a quorum queue does not do that by itself (if-empty is not supported).
/// </summary>
public sealed class QueueDeleted(string server, IReadOnlyList<BoundQueue> queues, string usersFeel)
    : BrokerControl(
        server,
        new FaultText(
            "queue-deleted",
            "Queue deleted",
            "Delete",
            usersFeel,
            "Its consumer logs that it was deleted, and that the queue limit of the virtual host refuses another one; what is sent to it "
                + "comes back as unroutable, and outbox rows wait."
        )
    )
{
    // The broker counts what consumers hold in their hands every five seconds (quorum_tick_interval).
    private static readonly TimeSpan Count = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private const int MaxCounts = 20;

    public override IReadOnlyList<string> Scopes => [.. queues.Select(queue => queue.Name)];

    public override async Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken)
    {
        var queue = queues.Single(queue => queue.Name == target.Scope);
        return
        [
            Control(target, "clear_vhost_limits"),
            new BindQueueUndo(new Uri(await target.ConnectionStringAsync(cancellationToken)), queue),
        ];
    }

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        var (broker, queue) = undo.OfType<BindQueueUndo>().Single();
        await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);

        // Existing ones stay, whatever the limit.
        await RunAsync(Control(target, "set_vhost_limits", """{"max-queues": 1}"""), cancellationToken);
        await channel.QueueUnbindAsync(queue.Name, queue.Exchange, queue.RoutingKey, cancellationToken: cancellationToken);

        // Nothing comes in any more: a count from after the unbinding only falls.
        await Task.Delay(Count, cancellationToken);
        var count = Control(target, "list_queues", "--quiet", "--no-table-headers", "name", "messages");
        for (var counts = 1; !await IsEmptyAsync(count, queue.Name, cancellationToken); counts++)
        {
            if (counts == MaxCounts)
            {
                throw new FaultException($"{queue.Name} is not empty, and would be deleted with its messages: its consumer does not run.");
            }

            await Task.Delay(Pause, cancellationToken);
        }

        await channel.QueueDeleteAsync(queue.Name, ifUnused: false, ifEmpty: false, cancellationToken: cancellationToken);
        return null;
    }

    private static async Task<bool> IsEmptyAsync(ProgramUndo count, string queue, CancellationToken cancellationToken) =>
        (await Programs.ReadAsync(count.Program, count.Arguments, count.Environment, cancellationToken))
            .Split('\n', StringSplitOptions.TrimEntries)
            .Contains($"{queue}\t0");
}
