using System.Text.Json;
using Dapper;
using Npgsql;
using Platform.Infrastructure.Data;

namespace Platform.Orders;

internal sealed record Product(string Sku, string Name, long PriceMinor, string Currency);

/// <summary>Products and prices, read through Redis, or from Postgres when Redis is unavailable. Stock is never cached.</summary>
internal sealed class Catalog(NpgsqlDataSource database, Cache cache)
{
    private const string Key = "orders:products";

    /// <summary>Maximum staleness of a price.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    public async Task<IReadOnlyList<Product>> GetAsync(CancellationToken cancellationToken)
    {
        var cached = await cache.TryAsync(async redis => (string?)await redis.StringGetAsync(Key), null, cancellationToken);
        if (cached is not null)
        {
            return JsonSerializer.Deserialize<IReadOnlyList<Product>>(cached) ?? [];
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var products = (
            await connection.QueryAsync<Product>(
                new CommandDefinition(
                    "SELECT sku, name, price_minor AS PriceMinor, currency FROM products ORDER BY sku",
                    cancellationToken: cancellationToken
                )
            )
        ).AsList();
        await cache.TryAsync(redis => redis.StringSetAsync(Key, JsonSerializer.Serialize(products), Lifetime), false, cancellationToken);
        return products;
    }
}
