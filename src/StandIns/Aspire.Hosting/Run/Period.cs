using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Run;

/// <summary>What replicas that start together share: they wait together.</summary>
internal sealed class SharedStart(CancellationTokenSource cancel)
{
    public CancellationTokenSource Cancel { get; } = cancel;

    /// <summary>Set by the start command: the resource waits no longer.</summary>
    public TaskCompletionSource SkipWait { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<Period> Periods { get; set; } = [];
}

/// <summary>One instance from one start to its end.</summary>
internal sealed class Period(InstanceAnnotation instance, SharedStart start, CancellationTokenSource stop)
{
    public InstanceAnnotation Instance { get; } = instance;

    public SharedStart Start { get; } = start;

    public CancellationTokenSource Stop { get; } = stop;

    public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RunningProcess? Process { get; set; }

    /// <summary>It was asked to end: no new connection goes to it.</summary>
    public bool IsEnding { get; set; }

    public async Task CancelStartAsync()
    {
        await Stop.CancelAsync().ConfigureAwait(false);
        if (Start.Periods.All(p => p.Stop.IsCancellationRequested))
        {
            await Start.Cancel.CancelAsync().ConfigureAwait(false);
        }
    }
}
