using Aspire.Hosting.ApplicationModel;
using Platform.Faults.Processes;

namespace Platform.Faults.RabbitMq;

/// <summary>A fault by the broker's own command-line tool, as the same user on the same machine.</summary>
public abstract class BrokerControl(string server, FaultText text) : Fault(server, text)
{
    private const string Installation = "/usr/lib/rabbitmq/lib";

    public override string? WhyNot(IResource target) =>
        target is ContainerResource ? "The broker is a container: its tool is not on this machine."
        : !Directory.Exists(Installation) ? $"rabbitmqctl is not in {Installation}."
        : null;

    private protected static ProgramUndo Control(FaultTarget target, params string[] arguments) =>
        new(
            Directory.GetDirectories(Installation, "rabbitmq_server-*").Order(StringComparer.Ordinal).Last() + "/sbin/rabbitmqctl",
            arguments,
            // Node, port mapper and cookie are the server's own.
            ProcessTree.EnvironmentBelow(target.ProcessId(), "RABBITMQ_NODENAME")
        );

    /// <summary>For <see cref="Fault.Exclusive"/>: a broker has one watermark.</summary>
    private protected static string WatermarkOf(string server) => $"{server}/vm_memory_high_watermark";

    /// <summary>The broker believes that it has no memory left: it reads nothing more from whoever publishes.</summary>
    private protected static ProgramUndo NoMemory(FaultTarget target) =>
        // https://www.rabbitmq.com/docs/memory: zero raises the alarm at once.
        Control(target, "set_vm_memory_high_watermark", "0");

    private protected static ProgramUndo EnoughMemory(FaultTarget target, string limit) =>
        Control(target, "set_vm_memory_high_watermark", "absolute", limit);

    private protected static Task RunAsync(ProgramUndo control, CancellationToken cancellationToken) =>
        Programs.RunAsync(control.Program, control.Arguments, control.Environment, cancellationToken);
}

/// <summary>The broker's memory alarm.</summary>
public sealed class MemoryAlarm(string server, string limit, string usersFeel)
    : BrokerControl(
        server,
        new FaultText(
            "memory-alarm",
            "Memory alarm",
            "Memory",
            usersFeel,
            "Publishes end with a time-out and their outbox rows wait, while consumers empty the queues; the broker logs an alarm."
        )
    )
{
    public override string Exclusive => WatermarkOf(Resource);

    public override Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<UndoStep>>([EnoughMemory(target, limit)]);

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        await RunAsync(NoMemory(target), cancellationToken);
        return null;
    }
}

/// <summary>Somebody closes all connections again and again.</summary>
public sealed class ConnectionsClosed(string server, string usersFeel)
    : BrokerControl(
        server,
        new FaultText(
            "connections-closed",
            "Connections closed",
            "PlugDisconnected",
            usersFeel,
            "Consumers log that their connection was closed (320) and come back; messages in hand are delivered again, and "
                + "the inbox drops them."
        )
    )
{
    public override Strength Strength => new("Every", "s", 1, 120, 5);

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        var control = Control(target, "close_all_connections", "maintenance");
        return await Repeating.StartAsync(
            token => RunAsync(control, token),
            TimeSpan.FromSeconds(target.Strength),
            target,
            cancellationToken
        );
    }
}
