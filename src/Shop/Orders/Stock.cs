using Npgsql;
using Platform.Contracts;

namespace Platform.Orders;

/// <summary>Reserves and releases stock. Skus are locked in a fixed order so that orders cannot deadlock.</summary>
internal static class Stock
{
    /// <summary>Reserves all units, or returns the first sku with too few; the caller then rolls back.</summary>
    public static async Task<string?> ReserveAsync(
        NpgsqlConnection connection,
        IEnumerable<(string Sku, int Quantity)> units,
        CancellationToken cancellationToken
    )
    {
        using var activity = OrdersTelemetry.Source.StartActivity("reserve_stock");
        await using var batch = CreateBatch(
            connection,
            units,
            "UPDATE products SET stock = stock - $2 WHERE sku = $1 AND stock >= $2",
            out var skus
        );
        await batch.ExecuteNonQueryAsync(cancellationToken);
        for (var i = 0; i < skus.Count; i++)
        {
            if (batch.BatchCommands[i].RecordsAffected == 0)
            {
                activity?.SetTag(Attributes.Reason, "out_of_stock");
                return skus[i];
            }
        }

        return null;
    }

    public static async Task ReleaseAsync(
        NpgsqlConnection connection,
        IEnumerable<(string Sku, int Quantity)> units,
        CancellationToken cancellationToken
    )
    {
        using var activity = OrdersTelemetry.Source.StartActivity("release_stock");
        await using var batch = CreateBatch(connection, units, "UPDATE products SET stock = stock + $2 WHERE sku = $1", out _);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>One round trip and one span, however many lines the order has.</summary>
    private static NpgsqlBatch CreateBatch(
        NpgsqlConnection connection,
        IEnumerable<(string Sku, int Quantity)> units,
        string sql,
        out List<string> skus
    )
    {
        var batch = new NpgsqlBatch(connection);
        skus = [];
        foreach (var group in units.GroupBy(unit => unit.Sku).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            skus.Add(group.Key);
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(sql)
                {
                    Parameters =
                    {
                        new() { Value = group.Key },
                        new() { Value = group.Sum(unit => unit.Quantity) },
                    },
                }
            );
        }

        return batch;
    }
}
