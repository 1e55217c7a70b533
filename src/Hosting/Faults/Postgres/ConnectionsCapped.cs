using System.Globalization;
using Npgsql;

namespace Platform.Faults.Postgres;

/// <summary>A role may have few connections, and loses those that it has.</summary>
public sealed class ConnectionsCapped(string server, IReadOnlyList<string> roles, string usersFeel)
    : Fault(
        server,
        new FaultText(
            "connections-capped",
            "Connections capped",
            "PlugDisconnected",
            usersFeel,
            "Opening a connection fails with 53300 (too many connections for role) in one service, while its pool is far from its maximum."
        )
    )
{
    public override Strength Strength => new("Connections left", "1", 0, 20, 1);

    public override IReadOnlyList<string> Scopes => roles;

    public override async Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken)
    {
        var connectionString = await ConnectionStringAsync(target, cancellationToken);
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var limit = source.CreateCommand("SELECT rolconnlimit FROM pg_roles WHERE rolname = $1");
        limit.Parameters.Add(new NpgsqlParameter<string> { TypedValue = target.Scope });
        var before =
            await limit.ExecuteScalarAsync(cancellationToken) as int? ?? throw new FaultException($"There is no role {target.Scope}.");
        return [new SqlUndo(connectionString, [Limit(target.Scope, before)])];
    }

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        await using var source = NpgsqlDataSource.Create(await ConnectionStringAsync(target, cancellationToken));
        await using var cap = source.CreateCommand(Limit(target.Scope, (int)target.Strength));
        await cap.ExecuteNonQueryAsync(cancellationToken);
        await using var end = source.CreateCommand("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1");
        end.Parameters.Add(new NpgsqlParameter<string> { TypedValue = target.Scope });
        await end.ExecuteNonQueryAsync(cancellationToken);
        return null;
    }

    // DDL takes no parameters; the role is one of ours and no input.
    private static string Limit(string role, int connections) =>
        string.Create(CultureInfo.InvariantCulture, $"ALTER ROLE \"{role}\" CONNECTION LIMIT {connections}");

    private static async Task<string> ConnectionStringAsync(FaultTarget target, CancellationToken cancellationToken) =>
        $"{await target.ConnectionStringAsync(cancellationToken)};Database=postgres";
}
