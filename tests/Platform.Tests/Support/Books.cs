using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Dapper;
using Npgsql;

namespace Platform.Tests.Support;

/// <summary>
/// What must hold after every failure, for the orders since the books were opened: nothing lost, nothing charged twice, no unit sold twice.
/// What another test left behind is not in them.
/// </summary>
public sealed class Books
{
    private static readonly TimeSpan DecisionLimit = TimeSpan.FromSeconds(120);

    private readonly DistributedApplication _app;
    private readonly OutsideCompany _acquirer;
    private readonly DateTime _since;

    private Books(DistributedApplication app, OutsideCompany acquirer, DateTime since) =>
        (_app, _acquirer, _since) = (app, acquirer, since);

    public static Task<Books> OpenAsync(PlatformFixture platform, CancellationToken cancellationToken) =>
        OpenAsync(platform.App, platform.Acquirer, cancellationToken);

    public static async Task<Books> OpenAsync(DistributedApplication app, OutsideCompany acquirer, CancellationToken cancellationToken)
    {
        await using var orders = await ConnectAsync(app, "ordersdb", cancellationToken);
        return new Books(app, acquirer, (await QueryAsync<DateTime>(orders, "SELECT now()", new { }, cancellationToken)).Single());
    }

    public async Task MustBalanceAsync(CancellationToken cancellationToken)
    {
        await using var orders = await ConnectAsync(_app, "ordersdb", cancellationToken);
        await using var payments = await ConnectAsync(_app, "paymentsdb", cancellationToken);
        var since = new { since = _since };

        await Eventually.GetAsync(
            () =>
                QueryAsync<Guid>(
                    orders,
                    "SELECT id FROM orders WHERE created_at >= @since AND status IN ('pending', 'paid')",
                    since,
                    cancellationToken
                ),
            undecided => undecided.Count == 0,
            "every accepted order is decided and fulfilled",
            DecisionLimit
        );

        var placed = await QueryAsync<(Guid Id, long Amount, string Status)>(
            orders,
            "SELECT id, total_minor, status FROM orders WHERE created_at >= @since",
            since,
            cancellationToken
        );
        var asked = await QueryAsync<(Guid Id, Guid Order, long Amount, string Status)>(
            payments,
            "SELECT id, order_id, amount_minor, status FROM payments WHERE order_id = ANY (@ids)",
            new { ids = placed.Select(order => order.Id).ToArray() },
            cancellationToken
        );
        var captured = asked.Where(payment => payment.Status == "captured").ToList();
        Assert.Equal(
            placed.Where(order => order.Status == "fulfilled").Select(order => (order.Id, order.Amount)).Order(),
            captured.Select(payment => (payment.Order, payment.Amount)).Order()
        );

        var keys = asked.Select(payment => payment.Id).ToHashSet();
        var ledger = await _acquirer.CapturedAsync(cancellationToken);
        Assert.Equal(
            captured.Select(payment => (payment.Id, payment.Amount)).Order(),
            ledger.Where(entry => keys.Contains(entry.Key)).Select(entry => (entry.Key, entry.Value)).Order()
        );

        // Of all orders, decided or not: what is reserved is accounted for at any time.
        var stock = await QueryAsync<(string Sku, long Supplied, long Accounted)>(
            orders,
            """
            SELECT p.sku, p.supplied, p.stock + coalesce((
                SELECT sum(l.quantity) FROM order_lines l JOIN orders o ON o.id = l.order_id
                WHERE l.sku = p.sku AND o.status <> 'declined'), 0)
            FROM products p
            """,
            new { },
            cancellationToken
        );
        Assert.All(stock, product => Assert.Equal(product.Supplied, product.Accounted));
    }

    private static async Task<NpgsqlDataSource> ConnectAsync(
        DistributedApplication app,
        string database,
        CancellationToken cancellationToken
    ) => NpgsqlDataSource.Create((await app.GetConnectionStringAsync(database, cancellationToken))!);

    private static async Task<IReadOnlyList<T>> QueryAsync<T>(
        NpgsqlDataSource database,
        string sql,
        object parameters,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))).AsList();
    }
}
