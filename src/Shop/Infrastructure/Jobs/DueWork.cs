using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using Platform.Infrastructure.Data;
using Platform.ServiceDefaults;

namespace Platform.Infrastructure.Jobs;

/// <summary>A claimed row of due work.</summary>
public interface IDueRow
{
    /// <summary>Identifies the row in logs.</summary>
    Guid Id { get; }

    /// <summary>Lease of the claim: nothing is written to a row that another instance has claimed since.</summary>
    Guid LeaseId { get; }

    /// <summary>Number of unexpected failures.</summary>
    int Failures { get; }
}

/// <summary>Parked rows of due work, which wait for an operator.</summary>
public interface IParkedWork
{
    DueTable Table { get; }
}

/// <summary>
/// Processes rows of due work outside any transaction. Rows are claimed by lease (SKIP LOCKED, committed at once): other instances claim
/// other rows, and those of a killed instance once their lease has expired.
/// <code>
/// database unavailable   the loop waits; a row whose outcome could not be recorded is claimed again when its lease expires
/// unexpected failure     the row backs off exponentially; at MaxFailures it is parked and an Error logged
/// shutdown               no further claims; running work may finish within the host's shutdown timeout
/// </code>
/// </summary>
public abstract partial class DueWork<TRow>(
    DueTable table,
    DatabaseSchema schema,
    WakeSignal signal,
    int concurrency,
    DueWorkMetrics metrics,
    TimeProvider time,
    ILogger logger
) : BackgroundService, IParkedWork
    where TRow : IDueRow
{
    /// <summary>Unexpected failures before a row is parked: about four minutes after the first.</summary>
    internal const int MaxFailures = 10;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan MaxBackoff = TimeSpan.FromMinutes(1);

    /// <summary>Grace period for cancelled work to release its resources.</summary>
    private static readonly TimeSpan CancellationGrace = TimeSpan.FromMilliseconds(500);

    // One slot per row in progress. Neither this nor the source below holds anything that needs disposal.
    private readonly SemaphoreSlim _slots = new(concurrency);

    private readonly CancellationTokenSource _cutOff = new();

    public DueTable Table => table;

    /// <summary>Ends when nothing more is claimed.</summary>
    internal Task Claiming { get; private set; } = Task.CompletedTask;

    protected TimeProvider Time { get; } = time;

    /// <summary>Claims at most that many rows and commits. Not traced: polling belongs to no order.</summary>
    protected abstract Task<IReadOnlyList<TRow>> ClaimAsync(int most, CancellationToken cancellationToken);

    /// <summary>Starts the span of one row's work in the row's trace.</summary>
    protected abstract Activity? Start(TRow row);

    /// <summary>Processes one row and records the outcome or the next attempt.</summary>
    protected abstract Task HandleAsync(TRow row, Activity? activity, CancellationToken cancellationToken);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // The token is cancelled when the host's shutdown timeout elapses.
        await using var limit = cancellationToken.Register(_cutOff.Cancel);
        await base.StopAsync(cancellationToken);
        await (ExecuteTask ?? Task.CompletedTask)
            .WaitAsync(CancellationGrace, Time, CancellationToken.None)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    internal static TimeSpan BackoffAfter(int failures) =>
        TimeSpan.FromSeconds(Math.Min(FirstBackoff.TotalSeconds * Math.Pow(2, Math.Clamp(failures - 1, 0, 20)), MaxBackoff.TotalSeconds));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await schema.WaitUntilAppliedAsync(stoppingToken);
        try
        {
            Claiming = ClaimUntilStoppedAsync(stoppingToken);
            await Claiming;
        }
        finally
        {
            // Holding all slots means that no work is running.
            for (var i = 0; i < concurrency; i++)
            {
                await _slots.WaitAsync(CancellationToken.None);
            }
        }
    }

    private async Task ClaimUntilStoppedAsync(CancellationToken stoppingToken)
    {
        var outage = Outage.OfDatabase();
        while (true)
        {
            try
            {
                var claimed = await RunOnceAsync(stoppingToken);
                outage.End();
                if (claimed == 0)
                {
                    await signal.WaitAsync(PollInterval, stoppingToken);
                }
            }
#pragma warning disable CA1031 // Polling never gives up: there may be no other instance.
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                // Logged when the outage starts or its cause changes, not on each retry.
                if (outage.IsNew(exception, out var refusal))
                {
                    if (refusal is null)
                    {
                        LogDatabaseUnavailable(exception, table.Name);
                    }
                    else
                    {
                        LogNotClaimed(exception, table.Name, refusal);
                    }
                }

                await Task.Delay(refusal is null ? PollInterval : BackoffAfter(outage.Failures), Time, stoppingToken);
            }
        }
    }

    private async Task<int> RunOnceAsync(CancellationToken stoppingToken)
    {
        await _slots.WaitAsync(stoppingToken);
        var taken = 1;
        while (_slots.Wait(0, CancellationToken.None))
        {
            taken++;
        }

        IReadOnlyList<TRow> rows = [];
        try
        {
            using var quiet = SuppressInstrumentationScope.Begin();
            rows = await ClaimAsync(taken, stoppingToken);
        }
        finally
        {
            if (taken > rows.Count)
            {
                _slots.Release(taken - rows.Count);
            }
        }

        foreach (var row in rows)
        {
            _ = WorkAsync(row, _cutOff.Token);
        }

        return rows.Count;
    }

    private async Task WorkAsync(TRow row, CancellationToken cutOff)
    {
        try
        {
            await Task.Yield();
            using var scope = ErrorScope.Begin();
            using var activity = Start(row);
            try
            {
                await HandleAsync(row, activity, cutOff);
            }
            catch (OperationCanceledException) when (cutOff.IsCancellationRequested)
            {
                // Shutdown: the lease expires and the row is claimed again.
            }
#pragma warning disable CA1031 // The boundary of one row's work: any failure is logged and recorded in the row.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                activity.Fail(exception);
                await FailAsync(row, exception, cutOff);
            }
        }
        finally
        {
            _slots.Release();
            signal.Notify();
        }
    }

    private async Task FailAsync(TRow row, Exception exception, CancellationToken cutOff)
    {
        if (DatabaseFailure.IsTransient(exception))
        {
            LogInterrupted(exception, table.Name, row.Id);
            return;
        }

        var failures = row.Failures + 1;
        var park = failures >= MaxFailures;
        try
        {
            if (!await table.FailAsync(row, BackoffAfter(failures), park, cutOff))
            {
                return;
            }
        }
#pragma warning disable CA1031 // If recording the failure fails too, the lease expires and the row is claimed again.
        catch (Exception notWritten)
#pragma warning restore CA1031
        {
            LogInterrupted(new AggregateException(exception, notWritten), table.Name, row.Id);
            return;
        }

        if (park)
        {
            metrics.Parked(table.Name);
            LogParked(exception, table.Name, row.Id, failures);
        }
        else
        {
            LogFailed(exception, table.Name, row.Id, failures);
        }
    }

    [LoggerMessage(EventId = 9121, Level = LogLevel.Warning, Message = "The database is away; {Work} that are due wait")]
    private partial void LogDatabaseUnavailable(Exception exception, string work);

    [LoggerMessage(
        EventId = 9123,
        EventName = "work.not_claimed",
        Level = LogLevel.Error,
        Message = "The database refuses queries for due {Work}, which wait: {Refusal}"
    )]
    private partial void LogNotClaimed(Exception exception, string work, string refusal);

    [LoggerMessage(
        EventId = 9124,
        EventName = "work.interrupted",
        Level = LogLevel.Warning,
        Message = "{Work}: row {RowId} was interrupted; it is claimed again when its lease expires"
    )]
    private partial void LogInterrupted(Exception exception, string work, Guid rowId);

    [LoggerMessage(
        EventId = 9122,
        EventName = "work.failed",
        Level = LogLevel.Warning,
        Message = "{Work}: row {RowId} failed (failure {Failures}); it is retried"
    )]
    private partial void LogFailed(Exception exception, string work, Guid rowId, int failures);

    [LoggerMessage(
        EventId = 9125,
        EventName = "work.parked",
        Level = LogLevel.Error,
        Message = "{Work}: row {RowId} failed {Failures} times and is parked: nothing more happens to its order. "
            + "Mend the cause, then POST /dead-letters/send-again"
    )]
    private partial void LogParked(Exception exception, string work, Guid rowId, int failures);
}

/// <summary>What an operator must look at.</summary>
public sealed class DueWorkMetrics(IMeterFactory meters)
{
    private readonly Counter<long> _parked = meters
        .Create(JobTelemetry.Name)
        .CreateCounter<long>("platform.work.parked", "{row}", "Rows of due work that were given up, by table.");

    internal void Parked(string work) => _parked.Add(1, new KeyValuePair<string, object?>("platform.work", work));
}

public static class DueWorkExtensions
{
    /// <summary>Registers background work whose parked rows can be resent.</summary>
    public static IServiceCollection AddDueWork<TWork>(this IServiceCollection services)
        where TWork : class, IHostedService, IParkedWork
    {
        services.TryAddSingleton<DueWorkMetrics>();
        return services
            .AddSingleton<TWork>()
            .AddSingleton<IParkedWork>(provider => provider.GetRequiredService<TWork>())
            .AddHostedService(provider => provider.GetRequiredService<TWork>());
    }
}
