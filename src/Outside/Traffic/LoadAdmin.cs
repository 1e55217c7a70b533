using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Platform.Traffic;

internal static class LoadAdmin
{
    private const int MaxTimes = 1000;

    public static void MapLoadAdmin(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin/load", (LoadRate rate, LoadCounters counters) => TypedResults.Ok(Load.Of(rate.Current.Rate, counters)));
        routes.MapPut("/admin/load", PutAsync);
    }

    private static async Task<Results<Ok<Load>, ValidationProblem, ProblemHttpResult>> PutAsync(
        HttpRequest request,
        LoadRate rate,
        LoadCounters counters,
        IOptions<TrafficOptions> options,
        CancellationToken cancellationToken
    )
    {
        if (!string.IsNullOrEmpty(options.Value.AdminKey) && !IsKey(request.Headers["X-Admin-Key"], options.Value.AdminKey))
        {
            return TypedResults.Problem("Send the admin key in X-Admin-Key.", statusCode: StatusCodes.Status401Unauthorized);
        }

        LoadRequest? wanted;
        try
        {
            wanted = await JsonSerializer.DeserializeAsync<LoadRequest>(request.Body, JsonSerializerOptions.Web, cancellationToken);
        }
        catch (JsonException)
        {
            // Handled below, with the required field.
            wanted = null;
        }

        if (wanted?.OrdersPerSecond is not (>= 0 and <= TrafficOptions.MaxOrdersPerSecond))
        {
            return Invalid("ordersPerSecond", $"Must be a number from 0 to {TrafficOptions.MaxOrdersPerSecond}.");
        }

        if (wanted.Tenant is { } tenant && Shoppers.ShareOf(tenant) is null)
        {
            return Invalid("tenant", "There is no such tenant.");
        }

        if (wanted.Times is not (>= 1 and <= MaxTimes))
        {
            return Invalid("times", $"Must be 1 to {MaxTimes}.");
        }

        var next = new Rate(wanted.OrdersPerSecond.Value, wanted.Tenant is null ? null : new Surge(wanted.Tenant, wanted.Times));
        if (next.Total > TrafficOptions.MaxOrdersPerSecond)
        {
            return Invalid("times", $"That would be more than {TrafficOptions.MaxOrdersPerSecond} orders per second in all.");
        }

        rate.Set(next);
        return TypedResults.Ok(Load.Of(next, counters));
    }

    private static ValidationProblem Invalid(string field, string message) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [message] });

    // Hashed first, so that timing reveals neither content nor length of the key.
    private static bool IsKey(string? given, string key) =>
        given is not null
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(given)),
            SHA256.HashData(Encoding.UTF8.GetBytes(key))
        );
}

/// <param name="OrdersPerSecond">Of all tenants together, as long as none surges.</param>
/// <param name="Tenant">A tenant that sends a multiple of its share; null for none.</param>
/// <param name="Times">The multiple.</param>
internal sealed record LoadRequest(double? OrdersPerSecond, string? Tenant = null, int Times = 1);

internal sealed record Load(double OrdersPerSecond, string? Tenant, int Times, LoadCounts Counts)
{
    public static Load Of(Rate rate, LoadCounters counters) =>
        new(rate.OrdersPerSecond, rate.Surge?.Tenant, rate.Surge?.Times ?? 1, counters.Current);
}
