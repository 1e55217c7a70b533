using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Platform.Infrastructure.Jobs;

namespace Platform.Infrastructure.Data;

/// <summary>Retention rule of one table.</summary>
/// <param name="Table">Table with a primary key or ctid; a name from code, never from input.</param>
/// <param name="Condition">SQL condition of the rows to delete, e.g. "received_at &lt; now() - interval '7 days'".</param>
public sealed record RetentionRule(string Table, string Condition);

public sealed class RetentionOptions
{
    public const string SectionName = "Retention";

    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Rows per DELETE, so that none holds its locks for long.</summary>
    [Range(1, 100_000)]
    public int BatchSize { get; set; } = 5_000;
}

public static class RetentionExtensions
{
    /// <summary>Adds a retention rule; one scheduled job applies all rules of a service.</summary>
    public static IServiceCollection AddRetention(this IServiceCollection services, string table, string condition)
    {
        services.AddOptions<RetentionOptions>().BindConfiguration(RetentionOptions.SectionName).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(new RetentionRule(table, condition));
        return services.AddScheduledJob<Retention>();
    }
}

/// <summary>Applies all rules. Instances may run this concurrently: each row is deleted once.</summary>
internal sealed partial class Retention(
    NpgsqlDataSource database,
    DatabaseSchema schema,
    IEnumerable<RetentionRule> rules,
    IOptions<RetentionOptions> options,
    JobRuns runs,
    TimeProvider time,
    ILogger<Retention> logger
) : ScheduledJob("retention", options.Value.Interval, schema, runs, time)
{
    protected override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        // A failure in one table must not stop the others.
        var failures = new List<Exception>();
        foreach (var rule in rules)
        {
            try
            {
                await ApplyAsync(rule, cancellationToken);
            }
            catch (NpgsqlException exception)
            {
                LogNotApplied(exception, rule.Table);
                failures.Add(exception);
            }
        }

        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
        }
    }

    private async Task ApplyAsync(RetentionRule rule, CancellationToken cancellationToken)
    {
        var deleted = 0;
        int batch;
        do
        {
            await using var command = database.CreateCommand(
                $"""
                DELETE FROM {rule.Table}
                WHERE ctid = ANY (ARRAY(SELECT ctid FROM {rule.Table} WHERE {rule.Condition} LIMIT {options.Value.BatchSize}))
                """
            );
            batch = await command.ExecuteNonQueryAsync(cancellationToken);
            deleted += batch;
        } while (batch == options.Value.BatchSize);

        if (deleted > 0)
        {
            LogDeleted(deleted, rule.Table);
        }
    }

    [LoggerMessage(
        EventId = 9003,
        EventName = "retention.not_applied",
        Level = LogLevel.Warning,
        Message = "Retention could not delete old rows of {Table}"
    )]
    private partial void LogNotApplied(Exception exception, string table);

    [LoggerMessage(EventId = 9002, Level = LogLevel.Information, Message = "Retention deleted {Rows} rows of {Table}")]
    private partial void LogDeleted(int rows, string table);
}
