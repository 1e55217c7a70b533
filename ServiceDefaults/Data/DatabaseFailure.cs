using Npgsql;

namespace Platform.ServiceDefaults.Data;

/// <summary>Tells a database that is away for a while from a statement that can never work.</summary>
public static class DatabaseFailure
{
    /// <summary>True for lost connections, time-outs, a server that starts or stops, and a database that takes no connections.</summary>
    public static bool IsTransient(Exception exception) => exception switch
    {
        // 55000: "database is not currently accepting connections". 3D000: the database is not there yet (or again).
        PostgresException { SqlState: PostgresErrorCodes.ObjectNotInPrerequisiteState or PostgresErrorCodes.InvalidCatalogName } => true,
        NpgsqlException { IsTransient: true } => true,

        // A full pool or a connection that was cut under a command reports no SQLSTATE.
        NpgsqlException { SqlState: null } => true,
        _ => false,
    };
}
