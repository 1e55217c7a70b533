using Npgsql;

namespace Platform.Tests.Support;

/// <summary>Takes one database away, and gives it back; the others of the same server stay.</summary>
public static class DatabaseSwitch
{
    public static async Task SetAsync(PlatformFixture platform, string database, bool allow, CancellationToken cancellationToken)
    {
        var connectionString = new NpgsqlConnectionStringBuilder(await platform.DatabaseAsync(database, cancellationToken))
        {
            Database = "postgres",
            Pooling = false,
        };
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using (var command = source.CreateCommand($"ALTER DATABASE {database} ALLOW_CONNECTIONS {(allow ? "true" : "false")}"))
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        if (!allow)
        {
            await using var terminate = source.CreateCommand("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1");
            terminate.Parameters.Add(new NpgsqlParameter<string> { TypedValue = database });
            await terminate.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
