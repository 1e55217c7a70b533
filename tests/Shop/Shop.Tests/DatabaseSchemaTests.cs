using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Platform.Infrastructure.Data;
using Platform.Messaging;
using Platform.Shop.Tests.Support;

namespace Platform.Shop.Tests;

/// <summary>Instances that start beside others which are at work, over a real database.</summary>
public sealed class DatabaseSchemaTests(PostgresServer server) : IAsyncLifetime
{
    private Database _database = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await server.CreateDatabaseAsync(typeof(Outbox).Assembly);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Start_OfAFurtherInstance_WaitsForNobodysTransaction()
    {
        await using var busy = await _database.Source.OpenConnectionAsync(Cancellation);
        await using var transaction = await busy.BeginTransactionAsync(Cancellation);
        await InsertAsync(busy, "under way");
        using var schema = await StartAsync();

        await schema.WaitUntilAppliedAsync(Cancellation).WaitAsync(Eventually.DefaultTimeout, Cancellation);
    }

    /// <summary>Its script needs locks on tables that are in use.</summary>
    [Fact]
    public async Task Start_OfAnotherRelease_HoldsUpNobodyWhileItWaits()
    {
        await _database.ExecuteAsync("DELETE FROM applied_schemas");
        await using var busy = await _database.Source.OpenConnectionAsync(Cancellation);
        await using var transaction = await busy.BeginTransactionAsync(Cancellation);
        await InsertAsync(busy, "under way");
        using var schema = await StartAsync();
        var applied = schema.WaitUntilAppliedAsync(Cancellation);
        await Eventually.GetAsync(
            () =>
                _database.QueryAsync<long>(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'relation'"
                ),
            waiting => waiting > 0,
            "it waits for a table"
        );

        // Behind it in the queue of the table's lock.
        await using var other = await _database.Source.OpenConnectionAsync(Cancellation);
        await InsertAsync(other, "behind it").WaitAsync(Eventually.DefaultTimeout, Cancellation);
        Assert.False(applied.IsCompleted);
        await transaction.CommitAsync(Cancellation);

        await applied.WaitAsync(Eventually.DefaultTimeout, Cancellation);
    }

    private static async Task InsertAsync(NpgsqlConnection connection, string message)
    {
        await using var insert = new NpgsqlCommand("INSERT INTO inbox (queue, message_id) VALUES ('q', $1)", connection);
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = message });
        await insert.ExecuteNonQueryAsync(Cancellation);
    }

    private async Task<DatabaseSchema> StartAsync()
    {
        var schema = new DatabaseSchema(_database.Source, [typeof(Outbox).Assembly], NullLogger<DatabaseSchema>.Instance);
        await schema.StartAsync(Cancellation);
        return schema;
    }
}
