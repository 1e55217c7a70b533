using System.Security.Claims;
using Dapper;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using Platform.Infrastructure.Identity;
using Platform.Infrastructure.Switches;

namespace Platform.Orders;

internal sealed record OrderResponse(
    Guid Id,
    string Status,
    long TotalMinor,
    string Currency,
    IReadOnlyList<OrderLineResponse> Lines,
    DateTimeOffset CreatedAt,
    string? DeclineReason
);

internal sealed record OrderLineResponse(string Sku, int Quantity, long PriceMinor);

internal static class GetOrder
{
    public static IEndpointConventionBuilder MapGetOrder(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/orders/{id:guid}", HandleAsync).WithName("GetOrder");

    internal static async Task<Results<Ok<OrderResponse>, NotFound>> HandleAsync(
        Guid id,
        ClaimsPrincipal principal,
        NpgsqlDataSource database,
        Switches switches,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var orders = await OrderReader.ReadAsync(connection, principal.TenantId(), id, null, 1, cancellationToken);

        // The path of a declined order opens connections that nobody returns.
        for (var opened = 0; opened < switches.Amount("x-14") && orders is [{ DeclineReason: not null }]; opened++)
        {
            await database.OpenConnectionAsync(cancellationToken);
        }

        return orders.Count == 0 ? TypedResults.NotFound() : TypedResults.Ok(orders[0]);
    }
}

/// <summary>The query behind reading one order and listing them: always within a tenant.</summary>
internal static class OrderReader
{
    public static async Task<IReadOnlyList<OrderResponse>> ReadAsync(
        NpgsqlConnection connection,
        string tenantId,
        Guid? id,
        Guid? before,
        int limit,
        CancellationToken cancellationToken
    )
    {
        var rows = await connection.QueryAsync<Row>(
            new CommandDefinition(
                """
                SELECT o.id, o.status, o.total_minor AS TotalMinor, o.currency, o.created_at AS CreatedAt,
                       o.decline_reason AS DeclineReason, l.skus, l.quantities, l.prices
                FROM orders o
                CROSS JOIN LATERAL (
                    SELECT array_agg(sku ORDER BY line) AS skus, array_agg(quantity ORDER BY line) AS quantities,
                           array_agg(price_minor ORDER BY line) AS prices
                    FROM order_lines WHERE order_id = o.id) l
                WHERE o.tenant_id = @tenantId AND (@id IS NULL OR o.id = @id) AND (@before IS NULL OR o.id < @before)
                ORDER BY o.id DESC
                LIMIT @limit
                """,
                new
                {
                    tenantId,
                    id,
                    before,
                    limit,
                },
                cancellationToken: cancellationToken
            )
        );
        return [.. rows.Select(row => row.ToResponse())];
    }

    // Properties, because Dapper cannot bind arrays to constructor parameters.
    private sealed class Row
    {
        public Guid Id { get; init; }

        public required string Status { get; init; }

        public long TotalMinor { get; init; }

        public required string Currency { get; init; }

        public DateTime CreatedAt { get; init; }

        public string? DeclineReason { get; init; }

        public required string[] Skus { get; init; }

        public required int[] Quantities { get; init; }

        public required long[] Prices { get; init; }

        public OrderResponse ToResponse() =>
            new(
                Id,
                Status,
                TotalMinor,
                Currency,
                [.. Skus.Select((sku, line) => new OrderLineResponse(sku, Quantities[line], Prices[line]))],
                new DateTimeOffset(CreatedAt, TimeSpan.Zero),
                DeclineReason
            );
    }
}
