using Aspire.Hosting.ApplicationModel;

namespace Platform.Faults;

/// <summary>What a person reads of a fault before and after it is injected.</summary>
/// <param name="Name">Command name: kebab-case, unique for its resource.</param>
/// <param name="Title">A few words.</param>
/// <param name="Icon">A Fluent UI icon.</param>
/// <param name="UsersFeel">One sentence for who is about to inject it.</param>
/// <param name="Telemetry">One sentence: what it looks like in traces, metrics, logs and issues.</param>
public sealed record FaultText(string Name, string Title, string Icon, string UsersFeel, string Telemetry);

/// <summary>How much: a number within a range.</summary>
/// <param name="Label">What it is: latency, share of requests.</param>
/// <param name="Unit">UCUM unit: ms, %, 1.</param>
/// <param name="Min">Lowest value.</param>
/// <param name="Max">Highest value.</param>
/// <param name="Default">Taken when none is given.</param>
public sealed record Strength(string Label, string Unit, double Min, double Max, double Default);

/// <summary>
/// Something that can be broken on purpose, and how it is undone. It is a command of the resource where it lives. Nothing that a service
/// emits may name it: telemetry has only its symptoms.
/// </summary>
/// <param name="resource">Resource of the model where it lives.</param>
/// <param name="text">What a person reads of it.</param>
public abstract class Fault(string resource, FaultText text)
{
    public string Resource => resource;

    public FaultText Text => text;

    public string Name => text.Name;

    /// <summary>Null when there is nothing to choose.</summary>
    public virtual Strength? Strength => null;

    /// <summary>
    /// What it can be limited to: queues, tables, tenants. The first is the default; empty when there is nothing to choose.
    /// </summary>
    public virtual IReadOnlyList<string> Scopes => [];

    /// <summary>It hits the one instance whose command was run, or the first one.</summary>
    public virtual bool IsPerInstance => false;

    /// <summary>
    /// It freezes what it hits: undone as soon as somebody stops or restarts that, because a frozen process does not end.
    /// </summary>
    public virtual bool EndsWithResource => false;

    /// <summary>Why it cannot be injected here, in this mode; null when it can.</summary>
    public virtual string? WhyNot(IResource target) => null;

    /// <summary>Faults with the same key exclude each other: they set the same thing.</summary>
    public virtual string Exclusive => $"{resource}/{text.Name}";

    /// <summary>
    /// What undoes it, worked out before anything is changed and written down first. The steps must be enough without this AppHost, and
    /// harmless where nothing was injected. None for what ends with this process, or by itself.
    /// </summary>
    /// <exception cref="FaultException">It cannot be injected; the message says why.</exception>
    public virtual Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<UndoStep>>([]);

    /// <param name="target">What it is injected into.</param>
    /// <param name="undo">The steps as they were written down: they name what was chosen.</param>
    /// <param name="cancellationToken">Bounds it.</param>
    /// <returns>What keeps it going in this process, ended before the steps are taken; null when nothing has to.</returns>
    /// <exception cref="FaultException">It cannot be injected; the message says why.</exception>
    public abstract Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    );
}

/// <summary>Refused, or failed and undone; the message is for the person who asked.</summary>
public sealed class FaultException(string message, Exception? innerException = null) : Exception(message, innerException);
