using System.Collections.Concurrent;
using System.Security.Cryptography;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Platform.Faults;

/// <summary>
/// Injects faults and ends them: when their time is over, when somebody says so, when what they froze is stopped, when the AppHost ends,
/// and at the next start after a crash.
/// </summary>
internal sealed partial class FaultRunner(
    IReadOnlyList<Fault> faults,
    UndoJournal journal,
    IServiceProvider services,
    DistributedApplicationModel model,
    ResourceInstances instances,
    TimeProvider time,
    ILogger<FaultRunner> logger
) : EarlyService
{
    // Of those that ended; for charts.
    private const int MaxEnded = 100;

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UndoLimit = TimeSpan.FromSeconds(30);

    // While a server is installed it has no address, and whatever else is to be injected or ended waits.
    private static readonly TimeSpan PlanLimit = TimeSpan.FromSeconds(15);

    // One at a time: what is on decides what may be injected.
    private readonly SemaphoreSlim _turn = new(1, 1);

    // Bounded by the faults there are and their instances.
    private readonly ConcurrentDictionary<string, Active> _active = new(StringComparer.Ordinal);

    // Bounded by MaxEnded.
    private readonly ConcurrentQueue<EndedFault> _ended = new();

    /// <summary>Something was injected or undone.</summary>
    public event Action? Changed;

    public IReadOnlyList<Fault> Faults => faults;

    public IReadOnlyList<InjectedFault> InjectedNow => [.. _active.Values.Select(active => active.Fault).OrderBy(fault => fault.StartedAt)];

    public IReadOnlyList<EndedFault> Ended => [.. _ended];

    /// <summary>Why this fault cannot be injected now; null when it can.</summary>
    public string? WhyNot(Fault fault, string? instance = null)
    {
        var other = InjectedNow.FirstOrDefault(active =>
            Find(active.Resource, active.Name)?.Exclusive == fault.Exclusive && (!fault.IsPerInstance || active.Instance == instance)
        );
        return other is null ? fault.WhyNot(ResourceOf(fault.Resource))
            : other.Name == fault.Name ? $"{fault.Name} of {fault.Resource} is on already, until {other.EndsAt:HH:mm:ss} UTC."
            : $"{other.Name} of {fault.Resource} is on, and the two exclude each other: end it first.";
    }

    /// <exception cref="FaultException">Refused, or it could not be injected and what was done of it is undone.</exception>
    public async Task<InjectedFault> InjectAsync(string resource, string name, FaultRequest request, CancellationToken cancellationToken)
    {
        var fault = Find(resource, name) ?? throw new FaultException($"There is no fault {name} of {resource}.");
        request.Check(fault);
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var instance = InstanceOf(fault, request.Instance);
            if (WhyNot(fault, instance) is { } reason)
            {
                throw new FaultException(reason);
            }

            var strength = request.Strength ?? fault.Strength?.Default;
            var scope = request.Scope ?? (fault.Scopes is [var first, ..] ? first : "");
            var target = new FaultTarget(services, ResourceOf(resource), strength ?? 0, scope, instance);
            var now = time.GetUtcNow();
            var injected = new InjectedFault(
                RandomNumberGenerator.GetHexString(8, lowercase: true),
                resource,
                name,
                fault.Text.Title,
                scope,
                instance,
                strength,
                now,
                now + TimeSpan.FromMinutes(request.Minutes ?? FaultRequest.DefaultMinutes),
                request.ByHand,
                UndoJournal.ThisProcess,
                await PlanAsync(fault, target, cancellationToken)
            );
            journal.Write(injected);
            try
            {
                _active[injected.Id] = new Active(injected, await fault.InjectAsync(target, injected.Undo, cancellationToken));
            }
#pragma warning disable CA1031 // Whatever it was: half a fault must not stay.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                // Stays in the journal and on the list until it is undone, if that fails too.
                _active[injected.Id] = new Active(injected, null);
                await UndoAsync(_active[injected.Id], services, CancellationToken.None);
                throw new FaultException($"{name} of {resource} could not be injected: {exception.Message}", exception);
            }

            LogInjected(name, resource, injected.EndsAt);
            return injected;
        }
        finally
        {
            _turn.Release();
            Changed?.Invoke();
        }
    }

    /// <exception cref="FaultException">There is none of that id, or it could not be undone and is still on.</exception>
    public Task EndAsync(string id, CancellationToken cancellationToken) => EndAsync(id, services, cancellationToken);

    private async Task EndAsync(string id, IServiceProvider? run, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (!_active.TryGetValue(id, out var active))
            {
                throw new FaultException($"No fault {id} is on.");
            }

            await UndoAsync(active, run, cancellationToken);
            LogEnded(active.Fault.Name, active.Fault.Resource);
        }
        finally
        {
            _turn.Release();
            Changed?.Invoke();
        }
    }

    /// <summary>
    /// Ends all, or all of one resource; one that cannot be undone does not keep the others on, and is tried again after them: one of them
    /// may have been in its way.
    /// </summary>
    /// <exception cref="FaultException">Names those that are still on.</exception>
    public Task EndAllAsync(string? resource, CancellationToken cancellationToken) => EndAllAsync(resource, services, cancellationToken);

    private async Task EndAllAsync(string? resource, IServiceProvider? run, CancellationToken cancellationToken)
    {
        // Last in, first out: a later one may have changed what an earlier one set back.
        var left = InjectedNow.Where(fault => resource is null || fault.Resource == resource).Reverse().ToList();
        var reasons = new List<string>();
        for (var before = int.MaxValue; left.Count > 0 && left.Count < before; )
        {
            before = left.Count;
            reasons.Clear();
            var failed = new List<InjectedFault>();
            foreach (var fault in left)
            {
                try
                {
                    await EndAsync(fault.Id, run, cancellationToken);
                }
                catch (FaultException exception)
                {
                    failed.Add(fault);
                    reasons.Add($"{fault.Name} of {fault.Resource}: {exception.Message}");
                }
            }

            left = failed;
        }

        if (left.Count > 0)
        {
            throw new FaultException($"Still on: {string.Join("; ", reasons)}");
        }
    }

    public override async Task StartingAsync(CancellationToken cancellationToken)
    {
        var (left, unreadable) = journal.LeftBehind();
        foreach (var file in unreadable)
        {
            LogUnreadable(file);
        }

        foreach (var fault in left)
        {
            try
            {
                await ApplyAsync(fault, null, cancellationToken);
                LogUndoneLater(fault.Name, fault.Resource, fault.StartedAt);
            }
            catch (FaultException exception)
            {
                // The journal keeps it for the start after this one.
                LogNotUndone(fault.Name, fault.Resource, exception.Message);
            }
        }

        await base.StartingAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            // Nothing is started or restarted any more: what goes with the run needs no undo.
            await EndAllAsync(null, null, cancellationToken);
        }
        catch (FaultException exception)
        {
            // The journal keeps them for the next start.
            LogStillOn(exception.Message);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        instances.Changed += EndWithResource;
        try
        {
            using var timer = new PeriodicTimer(Tick, time);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var fault in InjectedNow.Where(fault => fault.EndsAt <= time.GetUtcNow()))
                {
                    // Tried again at the next tick, until it is undone.
                    await TryEndAsync(fault, stoppingToken);
                }
            }
        }
        finally
        {
            instances.Changed -= EndWithResource;
        }
    }

    // What is frozen does not hear that it should stop.
    private void EndWithResource(ResourceEvent change)
    {
        if (change.Snapshot.State?.Text != KnownResourceStates.Stopping)
        {
            return;
        }

        foreach (
            var fault in InjectedNow.Where(fault =>
                fault.Resource == change.Resource.Name
                && (fault.Instance is null || fault.Instance == change.ResourceId)
                && Find(fault.Resource, fault.Name) is { EndsWithResource: true }
            )
        )
        {
            // Not awaited: it may wait for its turn, and the notifications must go on.
            _ = TryEndAsync(fault, CancellationToken.None);
        }
    }

    private async Task TryEndAsync(InjectedFault fault, CancellationToken cancellationToken)
    {
        try
        {
            await EndAsync(fault.Id, cancellationToken);
        }
        catch (FaultException exception)
        {
            LogNotUndone(fault.Name, fault.Resource, exception.Message);
        }
    }

    private async Task<IReadOnlyList<UndoStep>> PlanAsync(Fault fault, FaultTarget target, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(PlanLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            // Some do not look at the token while they wait for an address.
            return await fault.PlanUndoAsync(target, either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new FaultException($"{fault.Name} of {fault.Resource} cannot be injected: {fault.Resource} is not there yet.");
        }
#pragma warning disable CA1031 // Of servers and companies; nothing was changed yet.
        catch (Exception exception) when (exception is not (FaultException or OperationCanceledException))
#pragma warning restore CA1031
        {
            throw new FaultException($"{fault.Name} of {fault.Resource} cannot be injected: {exception.Message}", exception);
        }
    }

    private async Task UndoAsync(Active active, IServiceProvider? run, CancellationToken cancellationToken)
    {
        if (active.Handle is { } handle)
        {
            // Once: the steps may have to be tried again.
            _active[active.Fault.Id] = active with
            {
                Handle = null,
            };
            try
            {
                await handle.DisposeAsync().AsTask().WaitAsync(UndoLimit, time, cancellationToken);
            }
#pragma warning disable CA1031 // A session of a server that went away or stands still: the steps undo what matters.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogNotUndone(active.Fault.Name, active.Fault.Resource, exception.Message);
            }
        }

        await ApplyAsync(active.Fault, run, cancellationToken);
        _active.TryRemove(active.Fault.Id, out _);
        _ended.Enqueue(new EndedFault(active.Fault, time.GetUtcNow()));
        while (_ended.Count > MaxEnded)
        {
            _ended.TryDequeue(out _);
        }
    }

    private async Task ApplyAsync(InjectedFault fault, IServiceProvider? run, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(UndoLimit);
        foreach (var step in fault.Undo)
        {
            try
            {
                await step.ApplyAsync(run, limit.Token);
            }
#pragma warning disable CA1031 // Of servers and companies: it stays on and is tried again.
            catch (Exception exception) when (exception is not FaultException && !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                throw new FaultException(exception.Message, exception);
            }
        }

        journal.Remove(fault.Id);
    }

    /// <summary>The instance that was named; for a fault of one instance, the first where none was.</summary>
    private string? InstanceOf(Fault fault, string? named)
    {
        var known = instances.Of(fault.Resource);
        return named is null ? (fault.IsPerInstance && known is [var first, ..] ? first : null)
            : known.Contains(named) ? named
            : throw new FaultException($"There is no instance {named} of {fault.Resource}.");
    }

    private Fault? Find(string resource, string name) => faults.FirstOrDefault(fault => fault.Resource == resource && fault.Name == name);

    private IResource ResourceOf(string name) =>
        model.Resources.FirstOrDefault(resource => resource.Name == name) ?? throw new FaultException($"There is no resource {name}.");

    [LoggerMessage(
        EventId = 9301,
        EventName = "fault.injected",
        Level = LogLevel.Information,
        Message = "{Name} of {Resource} is on until {EndsAt:HH:mm:ss} UTC"
    )]
    private partial void LogInjected(string name, string resource, DateTimeOffset endsAt);

    [LoggerMessage(EventId = 9302, EventName = "fault.ended", Level = LogLevel.Information, Message = "{Name} of {Resource} is undone")]
    private partial void LogEnded(string name, string resource);

    [LoggerMessage(
        EventId = 9303,
        EventName = "fault.undone_later",
        Level = LogLevel.Warning,
        Message = "{Name} of {Resource}, injected at {At:u} by an AppHost that was killed, is undone"
    )]
    private partial void LogUndoneLater(string name, string resource, DateTimeOffset at);

    [LoggerMessage(
        EventId = 9304,
        EventName = "fault.not_undone",
        Level = LogLevel.Error,
        Message = "{Name} of {Resource} is not undone yet: {Reason}"
    )]
    private partial void LogNotUndone(string name, string resource, string reason);

    [LoggerMessage(EventId = 9305, EventName = "fault.still_on", Level = LogLevel.Error, Message = "{Reason}")]
    private partial void LogStillOn(string reason);

    [LoggerMessage(
        EventId = 9308,
        EventName = "fault.unreadable",
        Level = LogLevel.Error,
        Message = "{File} says what an AppHost that was killed left broken, and cannot be read: undo by hand what it names, and delete it"
    )]
    private partial void LogUnreadable(string file);

    private sealed record Active(InjectedFault Fault, IAsyncDisposable? Handle);
}

/// <summary>A fault that was on, and until when.</summary>
internal sealed record EndedFault(InjectedFault Fault, DateTimeOffset At);
