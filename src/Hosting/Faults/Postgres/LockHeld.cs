using Npgsql;

namespace Platform.Faults.Postgres;

/// <summary>A session has a table locked and then does nothing: whoever needs the table waits.</summary>
public sealed class LockHeld(string server, string database, IReadOnlyList<string> tables, string usersFeel)
    : Fault(
        server,
        new FaultText(
            "lock-held",
            "Lock held",
            "LockClosed",
            usersFeel,
            "Statements on the table take until their time-out and fail; the server's CPU is idle and the pool fills up. "
                + "pg_stat_activity has one session idle in transaction."
        )
    )
{
    private const string Application = "month-end-report";

    public override IReadOnlyList<string> Scopes => tables;

    public override async Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken) =>
        [
            new SqlUndo(
                await ConnectionStringAsync(target, cancellationToken),
                [$"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{Application}'"]
            ),
        ];

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        var settings = new NpgsqlConnectionStringBuilder(await ConnectionStringAsync(target, cancellationToken))
        {
            ApplicationName = Application,
            Pooling = false,
        };
        var session = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await session.OpenAsync(cancellationToken);

            // The table is one of ours and no input. The connection's own time-out bounds the wait for the lock.
#pragma warning disable CA2100
            await using var command = new NpgsqlCommand($"BEGIN; LOCK TABLE {target.Scope} IN ACCESS EXCLUSIVE MODE", session);
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    private async Task<string> ConnectionStringAsync(FaultTarget target, CancellationToken cancellationToken) =>
        $"{await target.ConnectionStringAsync(cancellationToken)};Database={database}";
}
