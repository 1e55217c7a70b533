using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Platform.Contracts;
using Platform.Messaging;
using Platform.ServiceDefaults.Data;

namespace Platform.Payments;

/// <summary>
/// Decides payments. The acquirer is called outside any transaction with the payment's own key; the outcome and its message are written
/// together afterwards, while the lease holds. An outcome that is not known is asked for, never assumed.
/// </summary>
internal sealed partial class ChargeDuePayments(
    PaymentStore store,
    AcquirerClient acquirer,
    PaymentsMetrics metrics,
    DatabaseSchema schema,
    PaymentSignal signal,
    IOptions<PaymentsOptions> options,
    TimeProvider time,
    ILogger<ChargeDuePayments> logger) : DueWork<Payment>(schema, signal, Concurrency, time, logger)
{
    /// <summary>Calls to the acquirer under way at a time, per instance.</summary>
    private const int Concurrency = 32;

    protected override Task<IReadOnlyList<Payment>> ClaimAsync(int most, CancellationToken cancellationToken) => store.ClaimAsync(most, cancellationToken);

    protected override async Task HandleAsync(Payment row, CancellationToken cancellationToken)
    {
        using var activity = row.Context.Start(PaymentsTelemetry.Source, "charge_card", ActivityKind.Internal);
        activity?.SetTag(PaymentsTelemetry.OrderId, row.OrderId)
            .SetTag(PaymentsTelemetry.PaymentId, row.Id)
            .SetTag("platform.payment.attempt", row.Attempts);

        var step = PaymentSteps.Next(row.Status, row.MaybeCharged, row.PayBy, Time.GetUtcNow());
        var result = step switch
        {
            PaymentStep.Charge => await ChargeAsync(row, cancellationToken),
            PaymentStep.Ask => await AskThenChargeAsync(row, cancellationToken),
            PaymentStep.AskThenExpire => await AskThenVoidAsync(row, cancellationToken),
            PaymentStep.Refund => await acquirer.VoidAsync(row.Id, cancellationToken),
            _ => new ChargeResult.Voided(),
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
            LogCardUnreadable(exception, payment.OrderId);
            return new ChargeResult.Declined("card_unreadable");
        }

        return await acquirer.ChargeAsync(payment, card, cancellationToken);
    }

    private async Task<ChargeResult> AskThenChargeAsync(Payment payment, CancellationToken cancellationToken)
    {
        var known = await acquirer.GetAsync(payment.Id, cancellationToken);
        return known is ChargeResult.NotCharged { Why: "not_found" } ? await ChargeAsync(payment, cancellationToken) : known;
    }

    /// <summary>A charge that was made in time counts. Otherwise the key is voided, so that one still on its way can no longer arrive.</summary>
    private async Task<ChargeResult> AskThenVoidAsync(Payment payment, CancellationToken cancellationToken)
    {
        var known = await acquirer.GetAsync(payment.Id, cancellationToken);
        return known is ChargeResult.NotCharged { Why: "not_found" } ? await acquirer.VoidAsync(payment.Id, cancellationToken) : known;
    }

    private async Task ConcludeAsync(Payment payment, PaymentStep step, ChargeResult result, Activity? activity, CancellationToken cancellationToken)
    {
        switch (result)
        {
            case ChargeResult.Captured:
                await SettleAsync(payment, PaymentSteps.Captured, null, activity, cancellationToken);
                break;
            case ChargeResult.Declined declined:
                await SettleAsync(payment, PaymentSteps.Declined, declined.Reason, activity, cancellationToken);
                break;
            case ChargeResult.Voided when step == PaymentStep.Refund:
                LogRefunded(payment.OrderId, payment.AmountMinor, payment.Currency);
                await SettleAsync(payment, PaymentSteps.Refunded, payment.Status, activity, cancellationToken);
                break;
            case ChargeResult.Voided:
                // The last word after attempts that were only warnings.
                LogExpired(payment.OrderId, payment.Attempts);
                await SettleAsync(payment, PaymentSteps.Declined, PaymentSteps.Expired, activity, cancellationToken);
                break;
            case ChargeResult.NotCharged notCharged:
                // Certain for this call only: what an earlier one did stays unknown, unless the acquirer itself said there is nothing.
                await PostponeAsync(payment, notCharged.Why, payment.MaybeCharged && notCharged.Why != "not_found", activity, cancellationToken);
                break;
            case ChargeResult.Unknown unknown:
                await PostponeAsync(payment, unknown.Why, maybeCharged: true, activity, cancellationToken);
                break;
        }
    }

    private async Task SettleAsync(Payment payment, string status, string? reason, Activity? activity, CancellationToken cancellationToken)
    {
        activity?.SetTag(PaymentsTelemetry.Outcome, status).SetTag("platform.reason", reason);
        if (await store.SettleAsync(payment, status, reason, cancellationToken))
        {
            metrics.Attempted(status);
            metrics.Decided(status);
            LogDecided(payment.OrderId, status, payment.Attempts);
        }
        else
        {
            LogLeaseLost(payment.OrderId);
        }
    }

    private async Task PostponeAsync(Payment payment, string why, bool maybeCharged, Activity? activity, CancellationToken cancellationToken)
    {
        activity?.SetTag(PaymentsTelemetry.Outcome, "postponed").SetTag("error.type", why).SetStatus(ActivityStatusCode.Error);
        metrics.Attempted("postponed");
        LogPostponed(payment.OrderId, payment.Attempts, why);
        await store.PostponeAsync(payment, options.Value.BackoffAfter(payment.Attempts), maybeCharged, cancellationToken);
    }

    [LoggerMessage(EventId = 3001, EventName = "payment.decided", Level = LogLevel.Information, Message = "Payment of order {OrderId}: {Outcome} after {Attempts} attempts")]
    private partial void LogDecided(Guid orderId, string outcome, int attempts);

    [LoggerMessage(EventId = 3002, EventName = "payment.postponed", Level = LogLevel.Warning, Message = "Payment of order {OrderId} has no outcome after attempt {Attempt} ({Reason}); it is tried again")]
    private partial void LogPostponed(Guid orderId, int attempt, string reason);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Warning, Message = "The lease of order {OrderId}'s payment ended before its outcome was written; it is asked for again")]
    private partial void LogLeaseLost(Guid orderId);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Error, Message = "The card of order {OrderId} cannot be opened; the order is declined")]
    private partial void LogCardUnreadable(Exception exception, Guid orderId);

    [LoggerMessage(EventId = 3006, EventName = "payment.expired", Level = LogLevel.Error, Message = "Payment of order {OrderId} got no outcome in time, after {Attempts} attempts; the order is declined")]
    private partial void LogExpired(Guid orderId, int attempts);

    [LoggerMessage(EventId = 3005, EventName = "payment.refunded", Level = LogLevel.Error, Message = "Declined order {OrderId} had been charged: {AmountMinor} {Currency} were given back")]
    private partial void LogRefunded(Guid orderId, long amountMinor, string currency);
}
