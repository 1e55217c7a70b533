using Npgsql;

namespace Platform.Tests.Support;

/// <summary>
/// A table that refuses new rows, or changes of rows, with an error that no retry mends, until disposed: a bug that one service has, made
/// in the one place where it can be made from outside.
/// </summary>
public sealed class Refusing : IAsyncDisposable
{
    private readonly NpgsqlDataSource _database;
    private readonly string _table;

    private Refusing(NpgsqlDataSource database, string table) => (_database, _table) = (database, table);

    /// <param name="platform">The running platform.</param>
    /// <param name="database">Name of the database.</param>
    /// <param name="table">Name of the table.</param>
    /// <param name="text">SQL expression of the error's text; NEW is the row.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="when">SQL condition of the rows that are refused.</param>
    /// <param name="change">INSERT or UPDATE.</param>
    public static async Task<Refusing> RowsAsync(
        PlatformFixture platform,
        string database,
        string table,
        string text,
        CancellationToken cancellationToken,
        string when = "true",
        string change = "INSERT"
    ) => await RowsAsync(await platform.DatabaseAsync(database, cancellationToken), table, text, cancellationToken, when, change);

    /// <inheritdoc cref="RowsAsync(PlatformFixture, string, string, string, CancellationToken, string, string)"/>
    public static async Task<Refusing> RowsAsync(
        string connectionString,
        string table,
        string text,
        CancellationToken cancellationToken,
        string when = "true",
        string change = "INSERT"
    )
    {
        var refusing = new Refusing(NpgsqlDataSource.Create(connectionString), table);
        cancellationToken.ThrowIfCancellationRequested();
        await refusing.ExecuteAsync(
            $"""
            CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION '%', {text}; END $$ LANGUAGE plpgsql;
            CREATE TRIGGER refuse BEFORE {change} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse();
            """
        );
        return refusing;
    }

    public async ValueTask DisposeAsync()
    {
        await ExecuteAsync($"DROP TRIGGER refuse ON {_table}; DROP FUNCTION refuse();");
        await _database.DisposeAsync();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
