using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using Platform.Infrastructure.Identity;

namespace Platform.Orders;

/// <param name="Items">Newest first.</param>
/// <param name="NextCursor">The cursor of the next page; null on the last one.</param>
internal sealed record ListOrdersResponse(IReadOnlyList<OrderResponse> Items, Guid? NextCursor);

internal static class ListOrders
{
    private const int DefaultLimit = 20;

    public static IEndpointConventionBuilder MapListOrders(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/orders", HandleAsync).WithName("ListOrders");

    internal static async Task<Ok<ListOrdersResponse>> HandleAsync(
        [Range(1, 100)] int? limit,
        Guid? cursor,
        ClaimsPrincipal principal,
        NpgsqlDataSource database,
        CancellationToken cancellationToken
    )
    {
        var most = limit ?? DefaultLimit;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);

        // One row more than requested shows whether there is a next page.
        var orders = await OrderReader.ReadAsync(connection, principal.TenantId(), null, cursor, most + 1, cancellationToken);
        return TypedResults.Ok(
            orders.Count > most ? new ListOrdersResponse([.. orders.Take(most)], orders[most - 1].Id) : new ListOrdersResponse(orders, null)
        );
    }
}
