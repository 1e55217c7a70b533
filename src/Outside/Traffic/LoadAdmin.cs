using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Platform.Traffic;

internal static class LoadAdmin
{
    public static void MapLoadAdmin(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(
            "/admin/load",
            (LoadRate rate, LoadCounters counters) => TypedResults.Ok(new Load(rate.Current.OrdersPerSecond, counters.Current))
        );
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

        double? wanted;
        try
        {
            wanted = (
                await JsonSerializer.DeserializeAsync<LoadRequest>(request.Body, JsonSerializerOptions.Web, cancellationToken)
            )?.OrdersPerSecond;
        }
        catch (JsonException)
        {
            // Handled below, with the required field.
            wanted = null;
        }

        if (wanted is not (>= 0 and <= TrafficOptions.MaxOrdersPerSecond))
        {
            return TypedResults.ValidationProblem(
                new Dictionary<string, string[]>(StringComparer.Ordinal)
                {
                    ["ordersPerSecond"] = [$"Must be a number from 0 to {TrafficOptions.MaxOrdersPerSecond}."],
                }
            );
        }

        rate.Set(wanted.Value);
        return TypedResults.Ok(new Load(wanted.Value, counters.Current));
    }

    // Hashed first, so that timing reveals neither content nor length of the key.
    private static bool IsKey(string? given, string key) =>
        given is not null
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(given)),
            SHA256.HashData(Encoding.UTF8.GetBytes(key))
        );
}

internal sealed record LoadRequest(double? OrdersPerSecond);

internal sealed record Load(double OrdersPerSecond, LoadCounts Counts);
