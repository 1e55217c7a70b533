using System.Globalization;
using Platform.Faults;

namespace Platform.AppHost.Faults;

/// <summary>A setting of a service changes while it runs, without a deploy.</summary>
/// <param name="service">The service.</param>
/// <param name="settings">Its file of settings.</param>
/// <param name="text">What a person reads.</param>
/// <param name="strength">Null when there is nothing to choose.</param>
/// <param name="keys">As in configuration: Logging:LogLevel:Default. All get the same value.</param>
/// <param name="value">By the strength.</param>
internal sealed class SettingFault(
    string service,
    string settings,
    FaultText text,
    Strength? strength,
    IReadOnlyList<string> keys,
    Func<double, string> value
) : Fault(service, text)
{
    public override Strength? Strength => strength;

    /// <summary>The value is the strength itself.</summary>
    public static string Number(double strength) => strength.ToString(CultureInfo.InvariantCulture);

    /// <summary>A setting has one value at a time.</summary>
    public override string Exclusive => $"{Resource}/{keys[0]}";

    public override Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<UndoStep>>([.. keys.Select(key => new JsonFileUndo(settings, key, null))]);

    public override Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        foreach (var key in keys)
        {
            new JsonFile(settings).Set(key, value(target.Strength));
        }

        return Task.FromResult<IAsyncDisposable?>(null);
    }
}
