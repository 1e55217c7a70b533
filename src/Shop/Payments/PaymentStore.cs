using Dapper;
using Npgsql;
using Platform.Contracts;
using Platform.Infrastructure.Jobs;
using Platform.Messaging;

namespace Platform.Payments;

/// <summary>The payments table: claims by lease, and outcomes written only while the lease holds.</summary>
internal sealed class PaymentStore(NpgsqlDataSource database, Outbox outbox, OutboxSignal relay, TimeProvider time)
{
    /// <summary>Longer than two calls to the acquirer plus overhead.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    public DueTable Due { get; } = new(database, "payments", "id");

    public async Task<IReadOnlyList<Payment>> ClaimAsync(int most, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);

        // From here on a charge may exist: the claim sets maybe_charged, and MaybeCharged returns its previous value.
        var payments = await connection.QueryAsync<Payment>(
            new CommandDefinition(
                """
                WITH claimed AS (
                    SELECT id, maybe_charged FROM payments
                    WHERE status IN ('due', 'void_due', 'refund_due') AND parked_at IS NULL
                        AND next_attempt_at <= now() AND (lease_until IS NULL OR lease_until < now())
                    ORDER BY next_attempt_at
                    LIMIT @most
                    FOR UPDATE SKIP LOCKED)
                UPDATE payments SET lease_id = gen_random_uuid(), lease_until = now() + @Lease, attempts = attempts + 1,
                    maybe_charged = true
                FROM claimed WHERE payments.id = claimed.id
                RETURNING payments.id, order_id AS OrderId, amount_minor AS AmountMinor, currency, pay_by AS PayBy, status, reason,
                    sealed_card AS SealedCard, claimed.maybe_charged AS MaybeCharged, attempts, failures, lease_id AS LeaseId,
                    now() AS ClaimedAt, traceparent, tracestate, baggage
                """,
                new { most, Lease },
                cancellationToken: cancellationToken
            )
        );
        return [.. payments.Select(payment => payment with { ClaimStarted = started })];
    }

    /// <summary>
    /// Writes outcome and message together; without a reason the stored one is kept. False when the lease was lost: another instance
    /// decides and reports.
    /// </summary>
    public async Task<bool> SettleAsync(Payment payment, string status, string? reason, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var settled = await connection.ExecuteAsync(
            new CommandDefinition(
                """
                UPDATE payments
                SET status = @status, reason = coalesce(@reason, reason), sealed_card = NULL, lease_until = NULL, decided_at = now(),
                    failures = 0, overdue_at = NULL
                WHERE id = @Id AND lease_id = @LeaseId AND status = @before
                """,
                new
                {
                    payment.Id,
                    payment.LeaseId,
                    status,
                    reason,
                    before = payment.Status,
                },
                cancellationToken: cancellationToken
            )
        );
        if (settled == 0)
        {
            return false;
        }

        if (status == PaymentSteps.Captured)
        {
            await outbox.AddAsync(
                connection,
                new PaymentCaptured(payment.OrderId, payment.Id, payment.AmountMinor, payment.Currency),
                cancellationToken
            );
        }
        else if (status == PaymentSteps.Declined)
        {
            await outbox.AddAsync(connection, new PaymentDeclined(payment.OrderId, payment.Id, reason ?? "declined"), cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        relay.Notify();
        return true;
    }

    /// <summary>
    /// Marks the payment as void_due: it is charged no more and its key is to be voided. Due at once. False when the lease was lost.
    /// </summary>
    public async Task<bool> GiveUpAsync(Payment payment, string reason, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(
                new CommandDefinition(
                    """
                    UPDATE payments SET status = 'void_due', reason = @reason, sealed_card = NULL, lease_until = NULL,
                        next_attempt_at = now()
                    WHERE id = @Id AND lease_id = @LeaseId AND status = 'due'
                    """,
                    new
                    {
                        payment.Id,
                        payment.LeaseId,
                        reason,
                    },
                    cancellationToken: cancellationToken
                )
            ) == 1;
    }

    /// <summary>
    /// Releases the lease and schedules the next attempt: no later than the end of the time to pay, and at once when a webhook arrived
    /// meanwhile.
    /// </summary>
    /// <returns>True once, when the outcome is overdue.</returns>
    public async Task<bool> PostponeAsync(
        Payment payment,
        TimeSpan delay,
        bool maybeCharged,
        TimeSpan overdueAfter,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(
                """
                UPDATE payments
                SET lease_until = NULL, maybe_charged = @maybeCharged OR coalesce(reported_at >= @ClaimedAt, false),
                    next_attempt_at = CASE
                        WHEN reported_at >= @ClaimedAt THEN now()
                        WHEN pay_by > now() THEN least(now() + @delay, pay_by)
                        ELSE now() + @delay END,
                    overdue_at = coalesce(overdue_at, CASE WHEN now() >= greatest(pay_by, reported_at) + @overdueAfter THEN now() END)
                WHERE id = @Id AND lease_id = @LeaseId
                RETURNING coalesce(overdue_at = now(), false)
                """,
                new
                {
                    payment.Id,
                    payment.LeaseId,
                    payment.ClaimedAt,
                    delay,
                    maybeCharged,
                    overdueAfter,
                },
                cancellationToken: cancellationToken
            )
        );
    }
}
