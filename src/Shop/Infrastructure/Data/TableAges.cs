using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using OpenTelemetry;

namespace Platform.Infrastructure.Data;

/// <summary>A gauge of how long the oldest row that waits has waited, in seconds.</summary>
/// <param name="Instrument">Its name.</param>
/// <param name="Description">Its description.</param>
/// <param name="Label">Name of the attribute that tells rows of different states apart.</param>
/// <param name="Sql">Rows of (state, seconds); code, never input. States are few, and none is left out: 0 when nothing waits.</param>
public sealed record TableAge(string Instrument, string Description, string Label, string Sql);

public static class TableAgeExtensions
{
    /// <summary>Adds such a gauge on the service's own database.</summary>
    public static IServiceCollection AddTableAge(this IServiceCollection services, TableAge age)
    {
        services.AddSingleton(age);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, TableAges>());
        return services;
    }
}

/// <summary>
/// Reads ages from the owner's tables: a queue does not tell the age of its oldest message, and who should work it off may be away. While
/// the database is away the gauges have no value instead of an old one.
/// </summary>
internal sealed partial class TableAges : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource _database;
    private readonly DatabaseSchema _schema;
    private readonly IReadOnlyList<TableAge> _ages;
    private readonly TimeProvider _time;
    private readonly ILogger<TableAges> _logger;

    // The last rows of each gauge; bounded by the gauges and their states.
    private readonly ConcurrentDictionary<TableAge, (string State, double Seconds)[]> _rows = new();

    public TableAges(
        NpgsqlDataSource database,
        DatabaseSchema schema,
        IEnumerable<TableAge> ages,
        IMeterFactory meters,
        TimeProvider time,
        ILogger<TableAges> logger
    )
    {
        (_database, _schema, _ages, _time, _logger) = (database, schema, [.. ages], time, logger);
        var meter = meters.Create("Platform.Infrastructure");
        foreach (var age in _ages)
        {
            meter.CreateObservableGauge(age.Instrument, () => Measure(age), "s", age.Description);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await _schema.WaitUntilAppliedAsync(stoppingToken);
        using var timer = new PeriodicTimer(Interval, _time);
        do
        {
            foreach (var age in _ages)
            {
                await ReadAsync(age, stoppingToken);
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task ReadAsync(TableAge age, CancellationToken stoppingToken)
    {
        // Every few seconds, about nobody's order: no span.
        using var quiet = SuppressInstrumentationScope.Begin();
        try
        {
            await using var connection = await _database.OpenConnectionAsync(stoppingToken);
            _rows[age] =
            [
                .. await connection.QueryAsync<(string, double)>(new CommandDefinition(age.Sql, cancellationToken: stoppingToken)),
            ];
        }
        catch (NpgsqlException exception)
        {
            _rows.TryRemove(age, out _);

            // That the database is away says its health check.
            if (!DatabaseFailure.IsTransient(exception))
            {
                LogNotRead(exception, age.Instrument);
            }
        }
    }

    private IEnumerable<Measurement<double>> Measure(TableAge age) =>
        _rows.TryGetValue(age, out var rows)
            ? rows.Select(row => new Measurement<double>(row.Seconds, new KeyValuePair<string, object?>(age.Label, row.State)))
            : [];

    [LoggerMessage(EventId = 9407, EventName = "database.age_unknown", Level = LogLevel.Error, Message = "{Instrument} cannot be read")]
    private partial void LogNotRead(Exception exception, string instrument);
}
