using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Dapper;
using Npgsql;
using Platform.Bench;
using Platform.Tests.Support;

namespace Platform.Soak;

/// <summary>The outcome of the accepted orders, from the tables of the services and the ledger of the acquirer.</summary>
internal sealed record Books(
    int Accepted,
    int Lost,
    int Fulfilled,
    int Declined,
    int Stuck,
    int DoubleCharges,
    int Unpaid,
    int StockOff,
    TimeSpan LongestDecision,
    TimeSpan MedianDecision,
    TimeSpan Waited
)
{
    public bool Balance => Lost + Stuck + DoubleCharges + Unpaid + StockOff == 0;

    /// <summary>Waits until every order is decided or the time limit is reached, and counts.</summary>
    public static async Task<Books> CloseAsync(
        DistributedApplication app,
        OutsideCompany acquirer,
        IReadOnlyCollection<Guid> accepted,
        TimeSpan limit,
        CancellationToken cancellationToken
    )
    {
        await using var orders = NpgsqlDataSource.Create((await app.GetConnectionStringAsync("ordersdb", cancellationToken))!);
        await using var payments = NpgsqlDataSource.Create((await app.GetConnectionStringAsync("paymentsdb", cancellationToken))!);
        var started = TimeProvider.System.GetTimestamp();
        using (var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            ended.CancelAfter(limit);
            try
            {
                await WaitUntilDecidedAsync(orders, ended.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The rest is stuck.
            }
        }

        var waited = TimeProvider.System.GetElapsedTime(started);
        var rows = await QueryAsync<(Guid Id, string Status, long Amount)>("SELECT id, status, total_minor FROM orders", orders);
        var status = rows.ToDictionary(order => order.Id, order => order.Status);
        var delays = (
            await QueryAsync<double>(
                """
                SELECT extract(epoch FROM decided_at - created_at)::float8 AS delay FROM orders
                WHERE decided_at IS NOT NULL
                ORDER BY delay
                """,
                orders
            )
        ).ToList();
        var captured = (
            await QueryAsync<(Guid Id, Guid Order, long Amount)>(
                "SELECT id, order_id, amount_minor FROM payments WHERE status = 'captured'",
                payments
            )
        ).ToDictionary(payment => payment.Id);
        var ledger = await acquirer.CapturedAsync(cancellationToken);
        var stock = await QueryAsync<string>(
            """
            SELECT sku FROM products p WHERE supplied <> stock + coalesce((
                SELECT sum(l.quantity) FROM order_lines l JOIN orders o ON o.id = l.order_id
                WHERE l.sku = p.sku AND o.status <> 'declined'), 0)
            """,
            orders
        );
        var paid = captured
            .Values.Where(payment => ledger.GetValueOrDefault(payment.Id) == payment.Amount)
            .Select(payment => payment.Order)
            .ToHashSet();
        return new Books(
            accepted.Count,
            Lost: accepted.Count(id => !status.ContainsKey(id)),
            Fulfilled: rows.Count(order => order.Status == "fulfilled"),
            Declined: rows.Count(order => order.Status == "declined"),
            Stuck: rows.Count(order => order.Status is "pending" or "paid"),
            DoubleCharges: ledger.Keys.Count(key => !captured.ContainsKey(key)),
            Unpaid: rows.Count(order => order.Status == "fulfilled" && !paid.Contains(order.Id)),
            StockOff: stock.Count,
            LongestDecision: TimeSpan.FromSeconds(delays.LastOrDefault()),
            MedianDecision: TimeSpan.FromSeconds(delays.ElementAtOrDefault(delays.Count / 2)),
            waited
        );

        async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, NpgsqlDataSource database)
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            return (await connection.QueryAsync<T>(new CommandDefinition(sql, cancellationToken: cancellationToken))).AsList();
        }
    }

    /// <summary>Returns when no order is pending.</summary>
    public static async Task WaitUntilDecidedAsync(NpgsqlDataSource orders, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        do
        {
            await using var command = orders.CreateCommand("SELECT count(*) FROM orders WHERE status IN ('pending', 'paid')");
            if (await command.ExecuteScalarAsync(cancellationToken) is 0L)
            {
                return;
            }
        } while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    public void Add(Report report)
    {
        report.Add(
            "orders fulfilled",
            $"{Fulfilled:N0}",
            $"{Declined:N0} declined; the last was decided {Waited.TotalSeconds:0} s after the end"
        );
        report.Add("accepted and lost", $"{Lost}", "0", Lost == 0);
        report.Add("stuck", $"{Stuck}", "0", Stuck == 0);
        report.Add("charges of no paid order", $"{DoubleCharges}", "0", DoubleCharges == 0);
        report.Add("fulfilled and not charged", $"{Unpaid}", "0", Unpaid == 0);
        report.Add("products whose stock is off", $"{StockOff}", "0", StockOff == 0);
        report.Add("placed to decided", $"{MedianDecision.TotalSeconds:0.00} s median, {LongestDecision.TotalSeconds:0.0} s longest");
    }
}
