using System.Reflection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using OpenTelemetry;

namespace Platform.ServiceDefaults.Data;

/// <summary>
/// Brings the database to the schema of this build. A service that starts while its database is away serves 503 and keeps
/// trying; background work waits for <see cref="WaitUntilAppliedAsync"/>.
/// </summary>
public sealed partial class DatabaseSchema(NpgsqlDataSource database, IReadOnlyList<Assembly> schemas, ILogger<DatabaseSchema> logger) : BackgroundService
{
    // Any constant will do; instances of one service that start together apply the schema one after another.
    private const long AdvisoryLock = 7_201_500_001;

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
                LogDatabaseAway(exception);
                await Task.Delay(RetryDelay, stoppingToken);
            }
        }
    }

    private async Task ApplyAsync(CancellationToken cancellationToken)
    {
        // Not part of anybody's request: a trace of it would only be noise.
        using var quiet = SuppressInstrumentationScope.Begin();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({AdvisoryLock})", cancellationToken);
        foreach (var assembly in schemas)
        {
            await ExecuteAsync(connection, await ReadAsync(assembly, cancellationToken), cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<string> ReadAsync(Assembly assembly, CancellationToken cancellationToken)
    {
        await using var stream = assembly.GetManifestResourceStream("Schema.sql")
            ?? throw new InvalidOperationException($"{assembly.GetName().Name} has no embedded resource Schema.sql.");
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    [LoggerMessage(EventId = 9001, EventName = "database.unavailable", Level = LogLevel.Warning, Message = "The database is not available yet; trying again")]
    private partial void LogDatabaseAway(Exception exception);
}
