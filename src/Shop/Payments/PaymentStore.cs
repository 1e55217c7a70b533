using Dapper;
using Npgsql;
using Platform.Contracts;
using Platform.Messaging;

namespace Platform.Payments;

/// <summary>The payments table: claims by lease, and outcomes that are written only while the lease holds.</summary>
internal sealed class PaymentStore(NpgsqlDataSource database, Outbox outbox, OutboxSignal relay)
{
    /// <summary>Longer than two calls to the acquirer and what is around them.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    public async Task<IReadOnlyList<Payment>> ClaimAsync(int most, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);

        // From here on an attempt may be under way: maybe_charged is set by the claim, and MaybeCharged is what it was before.
        var payments = await connection.QueryAsync<Payment>(new CommandDefinition(
            """
            WITH claimed AS (
                SELECT id, maybe_charged FROM payments
                WHERE status IN ('due', 'refund_due') AND next_attempt_at <= now() AND (lease_until IS NULL OR lease_until < now())
                ORDER BY next_attempt_at
                LIMIT @most
                FOR UPDATE SKIP LOCKED)
            UPDATE payments SET lease_id = gen_random_uuid(), lease_until = now() + @Lease, attempts = attempts + 1, maybe_charged = true
            FROM claimed WHERE payments.id = claimed.id
            RETURNING payments.id, order_id AS OrderId, amount_minor AS AmountMinor, currency, pay_by AS PayBy, status, sealed_card AS SealedCard,
                claimed.maybe_charged AS MaybeCharged, attempts, lease_id AS LeaseId, traceparent, tracestate, baggage
            """,
            new { most, Lease },
            cancellationToken: cancellationToken));
        return payments.AsList();
    }

    /// <summary>Writes the outcome and its message together. False when the lease was lost: then another instance finds out and tells.</summary>
    public async Task<bool> SettleAsync(Payment payment, string status, string? reason, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var settled = await connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE payments SET status = @status, reason = @reason, sealed_card = NULL, lease_until = NULL, decided_at = now()
            WHERE id = @Id AND lease_id = @LeaseId AND status = @before
            """,
            new { payment.Id, payment.LeaseId, status, reason, before = payment.Status },
            cancellationToken: cancellationToken));
        if (settled == 0)
        {
            return false;
        }

        if (status == PaymentSteps.Captured)
        {
            await outbox.AddAsync(connection, new PaymentCaptured(payment.OrderId, payment.Id, payment.AmountMinor, payment.Currency), cancellationToken);
        }
        else if (status == PaymentSteps.Declined)
        {
            await outbox.AddAsync(connection, new PaymentDeclined(payment.OrderId, payment.Id, reason ?? "declined"), cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        relay.Notify();
        return true;
    }

    /// <summary>Gives the lease back and says when to try again; never later than the end of the time to pay.</summary>
    public async Task PostponeAsync(Payment payment, TimeSpan delay, bool maybeCharged, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE payments
            SET lease_until = NULL, maybe_charged = @maybeCharged,
                next_attempt_at = CASE WHEN pay_by > now() THEN least(now() + @delay, pay_by) ELSE now() + @delay END
            WHERE id = @Id AND lease_id = @LeaseId
            """,
            new { payment.Id, payment.LeaseId, delay, maybeCharged },
            cancellationToken: cancellationToken));
    }
}
