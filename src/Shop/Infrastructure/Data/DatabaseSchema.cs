using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using OpenTelemetry;

namespace Platform.Infrastructure.Data;

/// <summary>
/// Applies the schema of this build once: an applied script takes no locks again, so a starting instance blocks nobody. While the database
/// is unavailable the service responds 503 and keeps trying; background work awaits <see cref="WaitUntilAppliedAsync"/>.
/// </summary>
public sealed partial class DatabaseSchema(NpgsqlDataSource database, IReadOnlyList<Assembly> schemas, ILogger<DatabaseSchema> logger)
    : BackgroundService
{
    // Any constant: serialises instances of one service that start together.
    private const string AdvisoryLock = "7201500001";

    // A waiting DDL lock blocks everyone queued behind it: give up early and retry. Waiting for another instance may take longer.
    private const string Prepare = $"""
        SELECT pg_advisory_xact_lock({AdvisoryLock});
        SET LOCAL lock_timeout = '1s';
        CREATE TABLE IF NOT EXISTS applied_schemas (hash bytea PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
        """;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    private readonly TaskCompletionSource _applied = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task WaitUntilAppliedAsync(CancellationToken cancellationToken) => _applied.Task.WaitAsync(cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await ApplyAsync(stoppingToken);
                _applied.SetResult();
                return;
            }
            catch (NpgsqlException exception) when (DatabaseFailure.IsTransient(exception))
            {
                LogNotApplied(exception);
                await Task.Delay(RetryDelay, stoppingToken);
            }
        }
    }

    private async Task ApplyAsync(CancellationToken cancellationToken)
    {
        // Belongs to no request: its trace would only be noise.
        using var quiet = SuppressInstrumentationScope.Begin();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, Prepare, cancellationToken);
        foreach (var assembly in schemas)
        {
            var script = await ReadAsync(assembly, cancellationToken);
            if (await IsNewAsync(connection, script, cancellationToken))
            {
                await ExecuteAsync(connection, script, cancellationToken);
            }
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<bool> IsNewAsync(NpgsqlConnection connection, string script, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("INSERT INTO applied_schemas (hash) VALUES ($1) ON CONFLICT DO NOTHING", connection);
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = SHA256.HashData(Encoding.UTF8.GetBytes(script)) });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private static async Task<string> ReadAsync(Assembly assembly, CancellationToken cancellationToken)
    {
        await using var stream =
            assembly.GetManifestResourceStream("Schema.sql")
            ?? throw new InvalidOperationException($"{assembly.GetName().Name} has no embedded resource Schema.sql.");
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    [LoggerMessage(
        EventId = 9001,
        EventName = "database.unavailable",
        Level = LogLevel.Warning,
        Message = "The schema is not applied yet, the database is away or a table is in use; trying again"
    )]
    private partial void LogNotApplied(Exception exception);
}
