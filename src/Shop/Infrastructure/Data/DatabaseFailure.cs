using Npgsql;

namespace Platform.Infrastructure.Data;

/// <summary>Distinguishes an unavailable database from a statement that can never work.</summary>
public static class DatabaseFailure
{
    /// <summary>True for lost connections, timeouts, a server that starts or stops, and a database that accepts no connections.</summary>
    public static bool IsTransient(Exception exception) =>
        exception switch
        {
            // 55000: "database is not currently accepting connections". 3D000: the database does not exist yet. 25006: it is a standby
            // until a failover completes. 25P03: we idled in a transaction for too long, frozen or starved.
            PostgresException
            {
                SqlState: PostgresErrorCodes.ObjectNotInPrerequisiteState
                    or PostgresErrorCodes.InvalidCatalogName
                    or PostgresErrorCodes.ReadOnlySqlTransaction
                    or "25P03",
            } => true,
            NpgsqlException { IsTransient: true } => true,

            // An exhausted pool or a connection cut during a command has no SQLSTATE.
            NpgsqlException { SqlState: null } => true,
            AggregateException aggregate => aggregate.InnerExceptions.All(IsTransient),
            _ => false,
        };

    /// <summary>What an operator must fix before any statement works again; null for everything else.</summary>
    public static string? RefusalOf(Exception exception) =>
        exception switch
        {
            PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } =>
                "PostgreSQL refuses the login: check user and password of the connection string",
            PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } =>
                "PostgreSQL does not allow it: check what the service's user is granted",
            _ => null,
        };
}
