using Platform.Infrastructure.Jobs;
using Platform.Messaging;

namespace Platform.Payments;

/// <summary>A payment that is due, as claimed by this instance until its lease ends.</summary>
internal sealed record Payment(
    Guid Id,
    Guid OrderId,
    long AmountMinor,
    string Currency,
    DateTime PayBy,
    string Status,
    string? Reason,
    string? SealedCard,
    bool MaybeCharged,
    int Attempts,
    int Failures,
    Guid LeaseId,
    DateTime ClaimedAt,
    string? Traceparent,
    string? Tracestate,
    string? Baggage
) : IDueRow
{
    /// <summary>Timestamp of this process from before the claim.</summary>
    public long ClaimStarted { get; init; }

    public TraceContext Context => new(Traceparent, Tracestate, Baggage);

    /// <summary>
    /// By the database's clock, as in the claim, because clocks of instances differ. Late by the duration of the claim, never early.
    /// </summary>
    public DateTimeOffset Now(TimeProvider time) => new DateTimeOffset(ClaimedAt) + time.GetElapsedTime(ClaimStarted);
}

/// <summary>The next step for a claimed payment; pure, so that every case can be tested.</summary>
internal enum PaymentStep
{
    /// <summary>Never sent, or the acquirer has no charge: charge.</summary>
    Charge,

    /// <summary>An attempt may have reached the acquirer: query it by key.</summary>
    Ask,

    /// <summary>The time to pay is over and nothing was sent: decline.</summary>
    Expire,

    /// <summary>The time to pay is over and a charge may be in flight: query, and give up.</summary>
    AskThenExpire,

    /// <summary>Given up: void the key, so that a charge in flight is rejected, and decline.</summary>
    Void,

    /// <summary>Declined but charged: refund.</summary>
    Refund,
}

internal static class PaymentSteps
{
    public const string Due = "due";
    public const string VoidDue = "void_due";
    public const string RefundDue = "refund_due";
    public const string Captured = "captured";
    public const string Declined = "declined";
    public const string Refunded = "refunded";

    public const string Expired = "expired";
    public const string CardUnreadable = "card_unreadable";

    public static PaymentStep Next(string status, bool maybeCharged, DateTimeOffset payBy, DateTimeOffset now) =>
        (status, expired: now >= payBy, maybeCharged) switch
        {
            (RefundDue, _, _) => PaymentStep.Refund,
            (VoidDue, _, _) => PaymentStep.Void,
            (_, true, false) => PaymentStep.Expire,
            (_, true, true) => PaymentStep.AskThenExpire,
            (_, false, true) => PaymentStep.Ask,
            _ => PaymentStep.Charge,
        };
}
