using System.Diagnostics;
using System.Globalization;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Platform.Contracts;
using Platform.Infrastructure.Data;
using Platform.Infrastructure.Jobs;
using Platform.Infrastructure.Switches;
using Platform.Messaging;

namespace Platform.Worker;

/// <summary>Fulfils paid orders: fraud note, receipt and order.fulfilled. The note may fail, the order may not.</summary>
internal sealed partial class FulfilPaidOrders(
    NpgsqlDataSource database,
    FraudNotes fraudNotes,
    Outbox outbox,
    OutboxSignal relay,
    WorkerMetrics metrics,
    DatabaseSchema schema,
    FulfilmentSignal signal,
    DueWorkMetrics workMetrics,
    IOptions<WorkerOptions> options,
    Switches switches,
    TimeProvider time,
    ILogger<FulfilPaidOrders> logger
) : DueWork<Fulfilment>(new DueTable(database, "fulfilments", "order_id"), schema, signal, Concurrency, workMetrics, time, logger)
{
    private const int Concurrency = 16;

    /// <summary>Longer than the one outside call plus overhead.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    protected override async Task<IReadOnlyList<Fulfilment>> ClaimAsync(int most, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var claimed = await connection.QueryAsync<Fulfilment>(
            new CommandDefinition(
                """
                UPDATE fulfilments SET lease_id = gen_random_uuid(), lease_until = now() + @Lease, attempts = attempts + 1
                WHERE order_id IN (
                    SELECT order_id FROM fulfilments
                    WHERE done_at IS NULL AND parked_at IS NULL
                        AND next_attempt_at <= now() AND (lease_until IS NULL OR lease_until < now())
                    ORDER BY next_attempt_at
                    LIMIT @most
                    FOR UPDATE SKIP LOCKED)
                RETURNING order_id AS OrderId, total_minor AS TotalMinor, currency, items, card_network AS CardNetwork,
                    card_last4 AS CardLast4, attempts, failures, lease_id AS LeaseId, traceparent, tracestate, baggage
                """,
                new { most, Lease },
                cancellationToken: cancellationToken
            )
        );
        return claimed.AsList();
    }

    protected override Activity? Start(Fulfilment row) =>
        row.Context.Start(WorkerTelemetry.Source, "fulfil_order", ActivityKind.Internal)?.SetTag(Attributes.OrderId, row.OrderId);

    protected override async Task HandleAsync(Fulfilment row, Activity? activity, CancellationToken cancellationToken)
    {
        var note = await WriteFraudNoteAsync(row, cancellationToken);
        if (note is null && row.Attempts < options.Value.FraudNoteAttempts)
        {
            await PostponeAsync(row, cancellationToken);
            return;
        }

        if (await SendReceiptAsync(row, note, cancellationToken))
        {
            relay.Notify();
            metrics.Fulfilled(note is not null);
            LogFulfilled(row.OrderId);
        }
    }

    private async Task<string?> WriteFraudNoteAsync(Fulfilment row, CancellationToken cancellationToken)
    {
        using var activity = WorkerTelemetry.Source.StartActivity("write_fraud_note");

        // A prompt with all that is known, to a model that costs more.
        var knowsAll = switches.IsOn("x-48");
        var (note, failure) = await fraudNotes.WriteAsync(
            row,
            knowsAll ? await ReadHistoryAsync(cancellationToken) : "",
            knowsAll ? "pebble-large" : null,
            cancellationToken
        );
        if (failure is not null)
        {
            activity?.SetTag("error.type", failure).SetStatus(ActivityStatusCode.Error);
            LogNoNote(row.OrderId, row.Attempts, failure);
        }

        return note;
    }

    private async Task<string> ReadHistoryAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<string>(
            new CommandDefinition(
                """
                SELECT coalesce(string_agg(format(E'\nEarlier order over %s %s, %s items', total_minor / 100.0, currency, items), ''), '')
                FROM (SELECT total_minor, currency, items FROM fulfilments ORDER BY next_attempt_at DESC LIMIT 400) AS earlier
                """,
                cancellationToken: cancellationToken
            )
        );
    }

    /// <summary>Receipt, outcome and message in one transaction, while the lease holds. False when another instance did it.</summary>
    private async Task<bool> SendReceiptAsync(Fulfilment row, string? note, CancellationToken cancellationToken)
    {
        using var activity = WorkerTelemetry.Source.StartActivity("send_receipt");
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var done = await connection.ExecuteAsync(
            new CommandDefinition(
                """
                UPDATE fulfilments SET done_at = now(), fraud_note = @note, lease_until = NULL
                WHERE order_id = @OrderId AND lease_id = @LeaseId AND done_at IS NULL
                """,
                new
                {
                    row.OrderId,
                    row.LeaseId,
                    note,
                },
                cancellationToken: cancellationToken
            )
        );
        if (done == 0)
        {
            return false;
        }

        var content = string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Items} items, {row.TotalMinor / 100m:F2} {row.Currency}, paid by {row.CardNetwork} ending {row.CardLast4}"
        );
        await connection.ExecuteAsync(
            new CommandDefinition(
                "INSERT INTO receipts (order_id, content) VALUES (@OrderId, @content)",
                new { row.OrderId, content },
                cancellationToken: cancellationToken
            )
        );
        await outbox.AddAsync(connection, new OrderFulfilled(row.OrderId), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private async Task PostponeAsync(Fulfilment row, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(
            new CommandDefinition(
                """
                UPDATE fulfilments SET lease_until = NULL, next_attempt_at = now() + @delay
                WHERE order_id = @OrderId AND lease_id = @LeaseId
                """,
                new
                {
                    row.OrderId,
                    row.LeaseId,
                    delay = options.Value.BackoffAfter(row.Attempts),
                },
                cancellationToken: cancellationToken
            )
        );
    }

    [LoggerMessage(EventId = 4001, EventName = "receipt.sent", Level = LogLevel.Information, Message = "Order {OrderId} is fulfilled")]
    private partial void LogFulfilled(Guid orderId);

    [LoggerMessage(
        EventId = 4002,
        EventName = "fraud_note.missing",
        Level = LogLevel.Warning,
        Message = "No fraud note for order {OrderId} at attempt {Attempt} ({Reason})"
    )]
    private partial void LogNoNote(Guid orderId, int attempt, string reason);
}
