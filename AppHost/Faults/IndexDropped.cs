using System.Globalization;
using Npgsql;
using Platform.Faults;

namespace Platform.AppHost.Faults;

/// <summary>
/// A migration drops the primary key of order_lines and forgets to build it again, when the table is large enough to hurt: reading an order
/// reads the whole table. The lines that make it large belong to one order of nobody, which is declined, and go with the undo.
/// </summary>
internal sealed class IndexDropped(string server)
    : Fault(
        server,
        new FaultText(
            "index-dropped",
            "Index dropped",
            "TableDismiss",
            "Reading an order takes a tenth of a second and more instead of milliseconds.",
            "The database span of GET /api/orders/{id} has nearly all of its time, and a slow-query line names the "
                + "statement; PostgreSQL's CPU is busy."
        )
    )
{
    private const string FillOrder = "00000000-0000-7000-8000-00000000f111";

    public override Strength Strength => new("Rows of the table", "1", 100_000, 3_000_000, 1_500_000);

    public override async Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken) =>
        [
            new SqlUndo(
                await ConnectionStringAsync(target, cancellationToken),
                [
                    $"DELETE FROM order_lines WHERE order_id = '{FillOrder}'",
                    $"DELETE FROM orders WHERE id = '{FillOrder}'",
                    """
                    DO $$ BEGIN
                        IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'order_lines_pkey') THEN
                            ALTER TABLE order_lines ADD CONSTRAINT order_lines_pkey PRIMARY KEY (order_id, line);
                        END IF;
                    END $$
                    """,
                    "VACUUM (ANALYZE) order_lines",
                ]
            ),
        ];

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        await using var source = NpgsqlDataSource.Create($"{await ConnectionStringAsync(target, cancellationToken)};Command Timeout=60");
        string[] statements =
        [
            $"""
                INSERT INTO orders (id, tenant_id, user_id, status, total_minor, currency, items, card_network, card_last4, decided_at)
                VALUES ('{FillOrder}', '', '', 'declined', 1, 'EUR', 1, '', '', now())
                """,
            "ALTER TABLE order_lines DROP CONSTRAINT order_lines_pkey",
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                INSERT INTO order_lines (order_id, line, sku, quantity, price_minor)
                SELECT '{FillOrder}', line, 'mug-blue', 1, 1 FROM generate_series(1, {(int)target.Strength}) AS line
                """
            ),
            "ANALYZE order_lines",
        ];
        foreach (var statement in statements)
        {
            await using var command = source.CreateCommand(statement);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        return null;
    }

    private static async Task<string> ConnectionStringAsync(FaultTarget target, CancellationToken cancellationToken) =>
        $"{await target.ConnectionStringAsync(cancellationToken)};Database=ordersdb";
}
