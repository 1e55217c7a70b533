using Platform.Faults.Processes;
using RabbitMQ.Client;

namespace Platform.Faults.RabbitMq;

/// <summary>
/// The virtual host has as many queues as it may have, and somebody deletes one of them: it cannot be declared again. It is deleted
/// empty, so that no message is lost with it; a quorum queue does not do that by itself (if-empty is not supported).
/// </summary>
public sealed class QueueDeleted(string server, IReadOnlyList<string> queues, string memory, string usersFeel)
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

    // Publishers stand still meanwhile.
    private const int MaxCounts = 8;

    public override IReadOnlyList<string> Scopes => queues;

    public override string Exclusive => WatermarkOf(Resource);

    public override Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<UndoStep>>([EnoughMemory(target, memory), Control(target, "clear_vhost_limits")]);

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        // Existing ones stay, whatever the limit.
        await RunAsync(Control(target, "set_vhost_limits", """{"max-queues": 1}"""), cancellationToken);

        // Publishers are held back, whatever they declare or bind, until it is deleted: a count from after that only falls.
        await RunAsync(NoMemory(target), cancellationToken);
        await Task.Delay(Count, cancellationToken);
        for (var counts = 1; !await IsEmptyAsync(target, cancellationToken); counts++)
        {
            if (counts == MaxCounts)
            {
                throw new FaultException($"{target.Scope} is not empty, and would be deleted with its messages: its consumer is too slow.");
            }

            await Task.Delay(Pause, cancellationToken);
        }

        var factory = new ConnectionFactory { Uri = new Uri(await target.ConnectionStringAsync(cancellationToken)) };
        await using (var connection = await factory.CreateConnectionAsync(cancellationToken))
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            await channel.QueueDeleteAsync(target.Scope, ifUnused: false, ifEmpty: false, cancellationToken: cancellationToken);
        }

        await RunAsync(EnoughMemory(target, memory), cancellationToken);
        return null;
    }

    private static async Task<bool> IsEmptyAsync(FaultTarget target, CancellationToken cancellationToken)
    {
        var list = Control(target, "list_queues", "--quiet", "--no-table-headers", "name", "messages");
        return (await Programs.ReadAsync(list.Program, list.Arguments, list.Environment, cancellationToken))
            .Split('\n', StringSplitOptions.TrimEntries)
            .Contains($"{target.Scope}\t0");
    }
}
