using System.Globalization;
using System.Text.Json;
using Platform.Faults;

namespace Platform.AppHost.Faults;

/// <summary>Shoppers come otherwise than usual.</summary>
/// <param name="traffic">The resource.</param>
/// <param name="text">What a person reads.</param>
/// <param name="strength">Null when there is nothing to choose.</param>
/// <param name="tenants">Of which one can be chosen; empty for all of them.</param>
/// <param name="load">Orders per second, from those before and the strength, and how many times its share the chosen tenant sends.</param>
internal sealed class LoadFault(
    string traffic,
    FaultText text,
    Strength? strength,
    IReadOnlyList<string> tenants,
    Func<double, double, (double OrdersPerSecond, int Times)> load
) : Fault(traffic, text)
{
    private const string Path = "/admin/load";

    public override Strength? Strength => strength;

    public override IReadOnlyList<string> Scopes => tenants;

    /// <summary>There is one load at a time.</summary>
    public override string Exclusive => $"{Resource}/load";

    public override async Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken) =>
        [await RequestAsync(target, await OrdersPerSecondAsync(target, cancellationToken), null, 1, cancellationToken)];

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        var (ordersPerSecond, times) = load(await OrdersPerSecondAsync(target, cancellationToken), target.Strength);
        var tenant = target.Scope.Length > 0 ? target.Scope : null;
        await (await RequestAsync(target, ordersPerSecond, tenant, times, cancellationToken)).SendAsync(cancellationToken);
        return null;
    }

    private static async Task<double> OrdersPerSecondAsync(FaultTarget target, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        using var load = JsonDocument.Parse(await http.GetStringAsync(new Uri(target.Endpoint("http"), Path), cancellationToken));
        return load.RootElement.GetProperty("ordersPerSecond").GetDouble();
    }

    private static async Task<HttpUndo> RequestAsync(
        FaultTarget target,
        double ordersPerSecond,
        string? tenant,
        int times,
        CancellationToken cancellationToken
    ) =>
        new(
            "PUT",
            new Uri(target.Endpoint("http"), Path),
            new Dictionary<string, string> { ["X-Admin-Key"] = await target.SecretAsync(OutsideCompanies.AdminKey, cancellationToken) },
            string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"ordersPerSecond": {{ordersPerSecond}}, "tenant": {{JsonSerializer.Serialize(tenant)}}, "times": {{times}}}"""
            )
        );
}
