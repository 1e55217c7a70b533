using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Platform.Contracts;
using Platform.Infrastructure.Data;
using Platform.Infrastructure.Jobs;

namespace Platform.Payments;

/// <summary>
/// Decides payments. Calls the acquirer outside any transaction with the payment's own key, then writes outcome and message together while
/// the lease holds. An unknown outcome is queried, never assumed.
/// </summary>
internal sealed partial class ChargeDuePayments(
    PaymentStore store,
    AcquirerClient acquirer,
    PaymentsMetrics metrics,
    DatabaseSchema schema,
    PaymentSignal signal,
    DueWorkMetrics workMetrics,
    IOptions<PaymentsOptions> options,
    TimeProvider time,
    ILogger<ChargeDuePayments> logger
) : DueWork<Payment>(store.Due, schema, signal, Concurrency, workMetrics, time, logger)
{
    /// <summary>Concurrent calls to the acquirer per instance.</summary>
    private const int Concurrency = 32;

    protected override Task<IReadOnlyList<Payment>> ClaimAsync(int most, CancellationToken cancellationToken) =>
        store.ClaimAsync(most, cancellationToken);

    protected override Activity? Start(Payment row) =>
        row
            .Context.Start(PaymentsTelemetry.Source, "charge_card", ActivityKind.Internal)
            ?.SetTag(Attributes.OrderId, row.OrderId)
            .SetTag(Attributes.PaymentId, row.Id)
            .SetTag("platform.payment.attempt", row.Attempts);

    protected override async Task HandleAsync(Payment row, Activity? activity, CancellationToken cancellationToken)
    {
        var step = PaymentSteps.Next(row.Status, row.MaybeCharged, row.PayBy, row.Now(Time));
        var result = step switch
        {
            PaymentStep.Charge => await ChargeAsync(row, cancellationToken),
            PaymentStep.Ask => await AskThenAsync(ChargeAsync, row, cancellationToken),
            PaymentStep.AskThenExpire => await AskThenAsync(ExpireAsync, row, cancellationToken),
            PaymentStep.Void or PaymentStep.Refund => await acquirer.VoidAsync(row.Id, cancellationToken),
            _ => await ExpireAsync(row, cancellationToken),
        };

        await ConcludeAsync(row, step, result, activity, cancellationToken);
    }

    private async Task<ChargeResult> ChargeAsync(Payment payment, CancellationToken cancellationToken)
    {
        Card card;
        try
        {
            card = SealedCard.Open(payment.SealedCard ?? "", payment.OrderId, options.Value.CardPrivateKey);
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException or System.Text.Json.JsonException)
        {
            return new ChargeResult.GivenUp(PaymentSteps.CardUnreadable, exception);
        }

        // Check again: the query may have used up the time to pay.
        return payment.Now(Time) < payment.PayBy
            ? await acquirer.ChargeAsync(payment, card, cancellationToken)
            : await ExpireAsync(payment, cancellationToken);
    }

    /// <summary>An existing charge counts. The next step runs only when the acquirer has none.</summary>
    private async Task<ChargeResult> AskThenAsync(
        Func<Payment, CancellationToken, Task<ChargeResult>> next,
        Payment payment,
        CancellationToken cancellationToken
    )
    {
        var known = await acquirer.GetAsync(payment.Id, cancellationToken);
        return known is ChargeResult.NotCharged { Why: AcquirerClient.NotFound } ? await next(payment, cancellationToken) : known;
    }

    private static Task<ChargeResult> ExpireAsync(Payment payment, CancellationToken cancellationToken) =>
        Task.FromResult<ChargeResult>(new ChargeResult.GivenUp(PaymentSteps.Expired));

    private async Task ConcludeAsync(
        Payment payment,
        PaymentStep step,
        ChargeResult result,
        Activity? activity,
        CancellationToken cancellationToken
    )
    {
        switch (result)
        {
            case ChargeResult.Voided when step == PaymentStep.Refund:
                if (await SettleAsync(payment, PaymentSteps.Refunded, null, activity, cancellationToken))
                {
                    LogRefunded(payment.OrderId, payment.AmountMinor, payment.Currency);
                }

                break;
            case ChargeResult.Captured or ChargeResult.Declined when step is PaymentStep.Refund or PaymentStep.Void:
                await PostponeAsync(payment, "not_voided", maybeCharged: true, activity, cancellationToken);
                break;
            case ChargeResult.Captured:
                await SettleAsync(payment, PaymentSteps.Captured, null, activity, cancellationToken);
                break;
            case ChargeResult.Declined declined:
                await SettleAsync(payment, PaymentSteps.Declined, declined.Reason, activity, cancellationToken);
                break;
            case ChargeResult.GivenUp givenUp when payment.MaybeCharged:
                await GiveUpAsync(payment, givenUp, activity, cancellationToken);
                break;
            case ChargeResult.GivenUp givenUp:
                // No request was ever sent.
                if (await SettleAsync(payment, PaymentSteps.Declined, givenUp.Reason, activity, cancellationToken))
                {
                    LogGivenUp(payment, givenUp.Reason, givenUp.Cause);
                }

                break;
            case ChargeResult.Voided:
                var reason = payment.Reason ?? PaymentSteps.Expired;
                if (await SettleAsync(payment, PaymentSteps.Declined, reason, activity, cancellationToken))
                {
                    LogGivenUp(payment, reason, cause: null);
                }

                break;
            case ChargeResult.NotCharged notCharged:
                // Certain for this call only: an earlier one may have charged.
                await PostponeAsync(payment, notCharged.Why, payment.MaybeCharged, activity, cancellationToken);
                break;
            case ChargeResult.Unknown unknown:
                await PostponeAsync(payment, unknown.Why, maybeCharged: true, activity, cancellationToken);
                break;
        }
    }

    /// <summary>
    /// Recorded before the next claimant voids the key: an instance that stalled must not void what another has charged and settled.
    /// </summary>
    private async Task GiveUpAsync(Payment payment, ChargeResult.GivenUp givenUp, Activity? activity, CancellationToken cancellationToken)
    {
        activity?.SetTag(Attributes.Outcome, PaymentSteps.VoidDue).SetTag(Attributes.Reason, givenUp.Reason);
        if (!await store.GiveUpAsync(payment, givenUp.Reason, cancellationToken))
        {
            LogLeaseLost(payment.OrderId);
        }
        else if (givenUp.Cause is { } cause)
        {
            LogCardUnreadable(cause, payment.OrderId);
        }
    }

    private void LogGivenUp(Payment payment, string reason, Exception? cause)
    {
        if (cause is not null)
        {
            LogCardUnreadable(cause, payment.OrderId);
        }
        else if (reason == PaymentSteps.Expired)
        {
            // The final error, after attempts that only logged warnings.
            LogExpired(payment.OrderId, payment.Attempts);
        }
    }

    /// <summary>Only committed outcomes are logged and counted.</summary>
    private async Task<bool> SettleAsync(
        Payment payment,
        string status,
        string? reason,
        Activity? activity,
        CancellationToken cancellationToken
    )
    {
        activity?.SetTag(Attributes.Outcome, status).SetTag(Attributes.Reason, reason);
        if (!await store.SettleAsync(payment, status, reason, cancellationToken))
        {
            LogLeaseLost(payment.OrderId);
            return false;
        }

        metrics.Attempted(status);
        metrics.Decided(status);
        if (status == PaymentSteps.Captured)
        {
            metrics.Captured(payment.AmountMinor, payment.Currency);
        }

        LogDecided(payment.OrderId, status, payment.Attempts);
        return true;
    }

    private async Task PostponeAsync(
        Payment payment,
        string why,
        bool maybeCharged,
        Activity? activity,
        CancellationToken cancellationToken
    )
    {
        activity?.SetTag(Attributes.Outcome, "postponed").SetTag("error.type", why).SetStatus(ActivityStatusCode.Error);
        var overdue = await store.PostponeAsync(
            payment,
            options.Value.BackoffAfter(payment.Attempts),
            maybeCharged,
            options.Value.OverdueAfter,
            cancellationToken
        );
        metrics.Attempted("postponed");
        LogPostponed(payment.OrderId, payment.Attempts, why);
        if (overdue)
        {
            metrics.Overdue();
            LogOverdue(payment.Id, payment.OrderId, payment.Attempts, why);
        }
    }

    [LoggerMessage(
        EventId = 3001,
        EventName = "payment.decided",
        Level = LogLevel.Information,
        Message = "Payment of order {OrderId}: {Outcome} after {Attempts} attempts"
    )]
    private partial void LogDecided(Guid orderId, string outcome, int attempts);

    [LoggerMessage(
        EventId = 3002,
        EventName = "payment.postponed",
        Level = LogLevel.Warning,
        Message = "Payment of order {OrderId} has no outcome after attempt {Attempt} ({Reason}); it is retried"
    )]
    private partial void LogPostponed(Guid orderId, int attempt, string reason);

    [LoggerMessage(
        EventId = 3003,
        Level = LogLevel.Warning,
        Message = "The lease of order {OrderId}'s payment ended before its outcome was written; it is asked for again"
    )]
    private partial void LogLeaseLost(Guid orderId);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Error, Message = "The card of order {OrderId} cannot be opened; the order is declined")]
    private partial void LogCardUnreadable(Exception exception, Guid orderId);

    [LoggerMessage(
        EventId = 3006,
        EventName = "payment.expired",
        Level = LogLevel.Error,
        Message = "Payment of order {OrderId} got no outcome in time, after {Attempts} attempts; the order is declined"
    )]
    private partial void LogExpired(Guid orderId, int attempts);

    [LoggerMessage(
        EventId = 3005,
        EventName = "payment.refunded",
        Level = LogLevel.Error,
        Message = "Declined order {OrderId} had been charged: {AmountMinor} {Currency} were refunded"
    )]
    private partial void LogRefunded(Guid orderId, long amountMinor, string currency);

    [LoggerMessage(
        EventId = 3007,
        EventName = "payment.overdue",
        Level = LogLevel.Error,
        Message = "Nobody knows whether payment {PaymentId} of order {OrderId} was charged: attempt {Attempts} failed too ({Reason}). "
            + "Check our key for the acquirer, or ask the acquirer; it goes on being asked"
    )]
    private partial void LogOverdue(Guid paymentId, Guid orderId, int attempts, string reason);
}
