using Dapper;
using Npgsql;

namespace Platform.Infrastructure.Jobs;

/// <summary>A row of due work that was given up.</summary>
public sealed record ParkedRow(Guid Id, string? Traceparent);

/// <summary>
/// A table whose rows say what is due. Its columns, beside its own: lease_id and lease_until (whose row it is, and for how long),
/// next_attempt_at, failures that nobody foresaw, parked_at (given up, waits for a person), traceparent.
/// </summary>
/// <param name="database">Where it is.</param>
/// <param name="name">A name from code, never from input.</param>
/// <param name="key">Its primary key, a uuid.</param>
public sealed class DueTable(NpgsqlDataSource database, string name, string key)
{
    public string Name => name;

    /// <summary>Counts a failure in the row and gives its lease back: to be tried again after the delay, or parked.</summary>
    /// <returns>False when the lease was lost: the row is another instance's.</returns>
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

    /// <summary>Parked rows, the oldest first.</summary>
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

    /// <summary>Makes all parked rows due again, once what they failed of is mended.</summary>
    /// <returns>How many.</returns>
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
