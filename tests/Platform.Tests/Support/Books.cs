using Dapper;
using Npgsql;

namespace Platform.Tests.Support;

/// <summary>What must hold after every failure: nothing lost, nothing charged twice, no unit sold twice.</summary>
public static class Books
{
    public static async Task MustBalanceAsync(PlatformFixture platform, CancellationToken cancellationToken)
    {
        await using var orders = NpgsqlDataSource.Create(await platform.DatabaseAsync("ordersdb", cancellationToken));
        await using var payments = NpgsqlDataSource.Create(await platform.DatabaseAsync("paymentsdb", cancellationToken));

        await Eventually.GetAsync(
            () => QueryAsync<int>(orders, "SELECT count(*)::int FROM orders WHERE status IN ('pending', 'paid')", cancellationToken),
            undecided => undecided.Single() == 0,
            "every accepted order is decided and fulfilled",
            TimeSpan.FromSeconds(120));

        var paid = await QueryAsync<(Guid Id, long Amount)>(orders, "SELECT id, total_minor FROM orders WHERE status = 'fulfilled'", cancellationToken);
        var captured = await QueryAsync<(Guid Id, Guid Order, long Amount)>(payments, "SELECT id, order_id, amount_minor FROM payments WHERE status = 'captured'", cancellationToken);
        Assert.Equal(paid.OrderBy(order => order.Id), captured.Select(payment => (payment.Order, payment.Amount)).OrderBy(payment => payment.Order));

        var ledger = await platform.Acquirer.CapturedAsync(cancellationToken);
        Assert.Equal(captured.ToDictionary(payment => payment.Id, payment => payment.Amount).OrderBy(entry => entry.Key), ledger.OrderBy(entry => entry.Key));

        var stock = await QueryAsync<(string Sku, long Supplied, long Accounted)>(
            orders,
            """
            SELECT p.sku, p.supplied, p.stock + coalesce((
                SELECT sum(l.quantity) FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE l.sku = p.sku AND o.status <> 'declined'), 0)
            FROM products p
            """,
            cancellationToken);
        Assert.All(stock, product => Assert.Equal(product.Supplied, product.Accounted));
    }

    private static async Task<IReadOnlyList<T>> QueryAsync<T>(NpgsqlDataSource database, string sql, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, cancellationToken: cancellationToken))).AsList();
    }
}
