using Npgsql;

namespace Platform.Infrastructure.Data;

/// <summary>Tells a database that is away for a while from a statement that can never work.</summary>
public static class DatabaseFailure
{
    /// <summary>True for lost connections, time-outs, a server that starts or stops, and a database that takes no connections.</summary>
    public static bool IsTransient(Exception exception) =>
        exception switch
        {
            // 55000: "database is not currently accepting connections". 3D000: the database is not there yet (or again). 25006: it is a
            // standby, until a failover is over. 25P03: we stood still in a transaction for too long, frozen or starved.
            PostgresException
            {
                SqlState: PostgresErrorCodes.ObjectNotInPrerequisiteState
                    or PostgresErrorCodes.InvalidCatalogName
                    or PostgresErrorCodes.ReadOnlySqlTransaction
                    or "25P03",
            } => true,
            NpgsqlException { IsTransient: true } => true,

            // A full pool or a connection that was cut under a command reports no SQLSTATE.
            NpgsqlException { SqlState: null } => true,
            AggregateException aggregate => aggregate.InnerExceptions.All(IsTransient),
            _ => false,
        };

    /// <summary>What a person must change before any statement works again; null for everything else.</summary>
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
