using Dapper;
using Npgsql;
using Platform.Messaging;

namespace Platform.Orders;

/// <summary>The SQL that more than one handler uses.</summary>
internal static class OrdersDatabase
{
    /// <summary>Moves an order to a new state if that is legal, and locks it until the transaction ends.</summary>
    /// <returns>False when the order is already in that state or past it: a duplicate outcome.</returns>
    /// <exception cref="PoisonMessageException">The order does not exist, or its state contradicts the outcome.</exception>
    public static async Task<bool> TryMoveAsync(
        NpgsqlConnection connection,
        Guid id,
        OrderStatus to,
        string? declineReason,
        CancellationToken cancellationToken
    )
    {
        var text =
            await connection.QuerySingleOrDefaultAsync<string?>(
                new CommandDefinition(
                    "SELECT status FROM orders WHERE id = @id FOR UPDATE",
                    new { id },
                    cancellationToken: cancellationToken
                )
            ) ?? throw new PoisonMessageException("The order does not exist.");
        var from = OrderStatusExtensions.Parse(text);
        if (from == to || (from == OrderStatus.Fulfilled && to == OrderStatus.Paid))
        {
            return false;
        }

        if (!from.CanBecome(to))
        {
            throw new PoisonMessageException($"The order is {text} and cannot become {to.ToText()}.");
        }

        await connection.ExecuteAsync(
            new CommandDefinition(
                """
                UPDATE orders SET status = @status, decline_reason = @declineReason, decided_at = coalesce(decided_at, now())
                WHERE id = @id
                """,
                new
                {
                    id,
                    status = to.ToText(),
                    declineReason,
                },
                cancellationToken: cancellationToken
            )
        );
        return true;
    }
}
