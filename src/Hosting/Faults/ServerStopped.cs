using Aspire.Hosting.ApplicationModel;

namespace Platform.Faults;

/// <summary>A server is stopped, and started again in the end.</summary>
public sealed class ServerStopped(string resource, string usersFeel, string telemetry)
    : Fault(resource, new FaultText("stopped", "Stopped", "Stop", usersFeel, telemetry))
{
    public override Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<UndoStep>>([new CommandUndo(target.InstanceId, KnownResourceCommands.StartCommand)]);

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        await target.CommandAsync(KnownResourceCommands.StopCommand, cancellationToken);
        return null;
    }
}
