using Dapper;
using Npgsql;

namespace Platform.Infrastructure.Jobs;

/// <summary>A parked row of due work.</summary>
public sealed record ParkedRow(Guid Id, string? Traceparent);

/// <summary>
/// A table of due work. Besides its own columns it has lease_id and lease_until, next_attempt_at, failures (unexpected ones), parked_at
/// (waits for an operator) and traceparent.
/// </summary>
/// <param name="database">The database of the table.</param>
/// <param name="name">Table name, from code and never from input.</param>
/// <param name="key">Its primary key, a uuid.</param>
public sealed class DueTable(NpgsqlDataSource database, string name, string key)
{
    public string Name => name;

    /// <summary>Counts a failure and releases the lease: the row is retried after the delay, or parked.</summary>
    /// <returns>False when the lease was lost to another instance.</returns>
    internal async Task<bool> FailAsync(IDueRow row, TimeSpan delay, bool park, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(
                new CommandDefinition(
                    $"""
                    UPDATE {name}
                    SET lease_until = NULL, next_attempt_at = now() + @delay, failures = failures + 1,
                        parked_at = CASE WHEN @park THEN now() END
                    WHERE {key} = @Id AND lease_id = @LeaseId
                    """,
                    new
                    {
                        row.Id,
                        row.LeaseId,
                        delay,
                        park,
                    },
                    cancellationToken: cancellationToken
                )
            ) == 1;
    }

    /// <summary>Parked rows, oldest first.</summary>
    public async Task<IEnumerable<ParkedRow>> ParkedAsync(int most, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QueryAsync<ParkedRow>(
            new CommandDefinition(
                $"""
                SELECT {key} AS Id, traceparent
                FROM {name} WHERE parked_at IS NOT NULL
                ORDER BY parked_at
                LIMIT @most
                """,
                new { most },
                cancellationToken: cancellationToken
            )
        );
    }

    /// <summary>Makes all parked rows due again, once their cause is fixed.</summary>
    /// <returns>The number of rows.</returns>
    public async Task<int> UnparkAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(
            new CommandDefinition(
                $"UPDATE {name} SET parked_at = NULL, failures = 0, next_attempt_at = now() WHERE parked_at IS NOT NULL",
                cancellationToken: cancellationToken
            )
        );
    }
}
