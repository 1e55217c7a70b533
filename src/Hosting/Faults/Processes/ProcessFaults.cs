using Aspire.Hosting.ApplicationModel;

namespace Platform.Faults.Processes;

/// <summary>One instance is frozen by SIGSTOP: it is there, holds what it holds, and does nothing.</summary>
public sealed class ProcessFrozen(string resource, string usersFeel)
    : Fault(
        resource,
        new FaultText(
            "frozen",
            "Frozen",
            "Snowflake",
            usersFeel,
            "No span, log or metric of the instance any more, while Aspire says that it runs; its health check times out."
        )
    )
{
    public override bool IsPerInstance => true;

    public override bool EndsWithResource => true;

    public override Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<UndoStep>>([SignalUndo.Of(target.ProcessId())]);

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        await Signals.StopAsync(undo.OfType<SignalUndo>().Single().ProcessId, cancellationToken);
        return null;
    }
}

/// <summary>One instance is killed again and again, and started again each time.</summary>
public sealed class ProcessKilled(string resource, string usersFeel)
    : Fault(
        resource,
        new FaultText(
            "killed",
            "Killed again and again",
            "Skull",
            usersFeel,
            "Traces end in the middle without an error, messages in hand are delivered again, and counters of the instance begin at zero."
        )
    )
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public override bool IsPerInstance => true;

    public override Strength Strength => new("Every", "s", 5, 300, 20);

    public override Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<UndoStep>>([new CommandUndo(target.InstanceId, KnownResourceCommands.StartCommand)]);

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    ) => await Repeating.StartAsync(token => KillAsync(target, token), TimeSpan.FromSeconds(target.Strength), target, cancellationToken);

    private static async Task KillAsync(FaultTarget target, CancellationToken cancellationToken)
    {
        if (target.Instances.IsRunning(target.InstanceId))
        {
            Signals.Send(target.ProcessId(), Signals.Kill);
        }

        // Who restarts what ended may be another; then there is nothing to start.
        for (var waited = TimeSpan.Zero; target.Instances.IsRunning(target.InstanceId); waited += Pause)
        {
            if (waited >= EndLimit)
            {
                throw new FaultException($"{target.InstanceId} is said to run {EndLimit.TotalSeconds} s after it was killed.");
            }

            await Task.Delay(Pause, cancellationToken);
        }

        await new CommandUndo(target.InstanceId, KnownResourceCommands.StartCommand).ApplyAsync(target.Services, cancellationToken);
    }
}
