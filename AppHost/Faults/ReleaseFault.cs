using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Platform.Faults;

namespace Platform.AppHost.Faults;

/// <summary>
/// A new release of one instance, which is worse: a setting, or a switch that only this release has on. In the end the instance goes back
/// to the release that it had.
/// </summary>
/// <param name="service">The service.</param>
/// <param name="settings">Its file of settings.</param>
/// <param name="text">What a person reads.</param>
/// <param name="strength">Null when there is nothing to choose.</param>
/// <param name="key">As in configuration: Switches:x-17.</param>
/// <param name="weakness">A switch that makes the setting hurt; null for none.</param>
/// <param name="value">What the setting is where there is no strength; a switch is simply on.</param>
internal sealed class ReleaseFault(
    string service,
    string settings,
    FaultText text,
    Strength? strength,
    string key,
    string? weakness = null,
    string value = "1"
) : Fault(service, text)
{
    public override Strength? Strength => strength;

    public override bool IsPerInstance => true;

    /// <summary>An instance has one release at a time.</summary>
    public override string Exclusive => $"{Resource}/release";

    public override Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken)
    {
        var record = target.Services.GetRequiredService<DeployRecord>();
        var instance = InstanceOf(target);
        return Task.FromResult<IReadOnlyList<UndoStep>>([
            new JsonFileUndo(settings, key, null),
            new JsonFileUndo(record.Path, $"{Resource}/{instance}", record.ReleaseOf(Resource, instance)),
            new CommandUndo(target.InstanceId, KnownResourceCommands.RestartCommand),
        ]);
    }

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        var amount = strength is null ? value : target.Strength.ToString(CultureInfo.InvariantCulture);
        var release = target.Services.GetRequiredService<DeployRecord>().Deploy(Resource, InstanceOf(target));
        new JsonFile(settings).Set(key, key.StartsWith("Switches:", StringComparison.Ordinal) ? $"{amount}@{release}" : amount);
        if (weakness is not null)
        {
            new JsonFile(settings).Set(weakness, $"1@{release}");
        }

        await target.CommandAsync(KnownResourceCommands.RestartCommand, cancellationToken);
        return null;
    }

    private string InstanceOf(FaultTarget target) =>
        target
            .Services.GetRequiredService<InstanceDirectory>()
            .Of(Resource)
            .SingleOrDefault(instance => instance.ResourceId == target.InstanceId)
            ?.InstanceId
        ?? throw new FaultException($"{target.InstanceId} does not run.");
}
