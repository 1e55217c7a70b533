using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using Platform.ServiceDefaults.Data;
using Platform.ServiceDefaults.Errors;

namespace Platform.Messaging;

/// <summary>
/// Does what rows say is due, outside any transaction. Rows are claimed by lease (SKIP LOCKED, committed at once): another instance takes
/// other rows, and those of a killed one when their lease has run out. Failures are written into the row; none ends the job.
/// </summary>
public abstract partial class DueWork<TRow>(DatabaseSchema schema, WakeSignal signal, int concurrency, TimeProvider time, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    // Bounded by concurrency: rows in work.
    private readonly SemaphoreSlim _slots = new(concurrency);

    protected TimeProvider Time { get; } = time;

    /// <summary>Claims at most that many rows and commits. Not traced: looking for work belongs to no order.</summary>
    protected abstract Task<IReadOnlyList<TRow>> ClaimAsync(int most, CancellationToken cancellationToken);

    /// <summary>Works one row off and writes down the outcome, or when to try again.</summary>
    protected abstract Task HandleAsync(TRow row, CancellationToken cancellationToken);

    public override void Dispose()
    {
        _slots.Dispose();
        GC.SuppressFinalize(this);
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await schema.WaitUntilAppliedAsync(stoppingToken);
        var away = false;
        while (true)
        {
            try
            {
                var claimed = await RunOnceAsync(stoppingToken);
                away = false;
                if (claimed == 0)
                {
                    await signal.WaitAsync(PollInterval, stoppingToken);
                }
            }
            catch (Exception exception) when (DatabaseFailure.IsTransient(exception))
            {
                if (!away)
                {
                    LogAway(exception);
                }

                away = true;
                await Task.Delay(PollInterval, Time, stoppingToken);
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
            _ = WorkAsync(row, stoppingToken);
        }

        return rows.Count;
    }

    private async Task WorkAsync(TRow row, CancellationToken stoppingToken)
    {
        try
        {
            await Task.Yield();
            using var scope = ErrorScope.Begin();
            await HandleAsync(row, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping: the lease runs out and the row is taken up again.
        }
#pragma warning disable CA1031 // The boundary of one row's work: whatever went wrong is logged, and the row comes again when its lease ends.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFailed(exception);
        }
        finally
        {
            _slots.Release();
            signal.Notify();
        }
    }

    [LoggerMessage(EventId = 9121, Level = LogLevel.Warning, Message = "The database is away; due work waits")]
    private partial void LogAway(Exception exception);

    [LoggerMessage(EventId = 9122, EventName = "work.failed", Level = LogLevel.Error, Message = "Due work was interrupted; it is taken up again when its lease ends")]
    private partial void LogFailed(Exception exception);
}
