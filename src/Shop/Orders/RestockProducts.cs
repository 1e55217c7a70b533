using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Platform.Infrastructure.Data;
using Platform.Infrastructure.Jobs;

namespace Platform.Orders;

/// <summary>Restocks products to their target so that the shop keeps running. Instances take turns by an advisory lock.</summary>
internal sealed partial class RestockProducts(
    NpgsqlDataSource database,
    DatabaseSchema schema,
    IOptions<OrdersOptions> options,
    JobRuns runs,
    TimeProvider time,
    ILogger<RestockProducts> logger
) : ScheduledJob("restock_products", options.Value.RestockInterval, schema, runs, time)
{
    private const long AdvisoryLock = 7_201_500_002;

    protected override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (
            !await connection.ExecuteScalarAsync<bool>(
                new CommandDefinition(
                    "SELECT pg_try_advisory_xact_lock(@AdvisoryLock)",
                    new { AdvisoryLock },
                    cancellationToken: cancellationToken
                )
            )
        )
        {
            return;
        }

        // Row by row in sku order, as orders lock them.
        var restocked = await connection.ExecuteAsync(
            new CommandDefinition(
                """
                UPDATE products SET supplied = supplied + target_stock - products.stock, stock = target_stock
                FROM (SELECT sku FROM products WHERE stock < target_stock / 2 ORDER BY sku FOR UPDATE) low
                WHERE products.sku = low.sku
                """,
                cancellationToken: cancellationToken
            )
        );
        await transaction.CommitAsync(cancellationToken);
        if (restocked > 0)
        {
            LogRestocked(restocked);
        }
    }

    [LoggerMessage(EventId = 2001, Level = LogLevel.Information, Message = "Restocked {Products} products")]
    private partial void LogRestocked(int products);
}
