using System.Text.Json;
using Platform.Faults;

namespace Platform.AppHost.Faults;

/// <summary>An outside company behaves otherwise: its own behaviour is set behind its admin key, and set back.</summary>
/// <param name="company">The resource.</param>
/// <param name="text">What a person reads.</param>
/// <param name="strength">Null when there is nothing to choose.</param>
/// <param name="behaviour">The fields that differ from normal, by the strength.</param>
internal sealed class CompanyFault(string company, FaultText text, Strength? strength, Func<double, object> behaviour)
    : Fault(company, text)
{
    private const string Path = "/admin/behaviour";

    public override Strength? Strength => strength;

    /// <summary>A company has one behaviour at a time.</summary>
    public override string Exclusive => $"{Resource}/behaviour";

    public override async Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken) =>
        [await RequestAsync(target, "POST", $"{Path}/normal", null, cancellationToken)];

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        var body = JsonSerializer.Serialize(behaviour(target.Strength));
        await (await RequestAsync(target, "PUT", Path, body, cancellationToken)).SendAsync(cancellationToken);
        return null;
    }

    private static async Task<HttpUndo> RequestAsync(
        FaultTarget target,
        string method,
        string path,
        string? body,
        CancellationToken cancellationToken
    ) =>
        new(
            method,
            new Uri(target.Endpoint("http"), path),
            new Dictionary<string, string> { ["X-Admin-Key"] = await target.SecretAsync(OutsideCompanies.AdminKey, cancellationToken) },
            body
        );
}
