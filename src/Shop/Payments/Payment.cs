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
    string? SealedCard,
    bool MaybeCharged,
    int Attempts,
    Guid LeaseId,
    string? Traceparent,
    string? Tracestate,
    string? Baggage)
{
    public TraceContext Context => new(Traceparent, Tracestate, Baggage);
}

/// <summary>What is to be done with a claimed payment; pure, so that every case can be tested.</summary>
internal enum PaymentStep
{
    /// <summary>Never sent, or the acquirer said it has none: charge.</summary>
    Charge,

    /// <summary>An attempt may have reached the acquirer: ask for it by key.</summary>
    Ask,

    /// <summary>The time to pay ran out and nothing was ever sent: decline.</summary>
    Expire,

    /// <summary>The time to pay ran out and a charge may be on its way: ask, and void before declining.</summary>
    AskThenExpire,

    /// <summary>Declined, and charged all the same: give the money back.</summary>
    Refund,
}

internal static class PaymentSteps
{
    public const string Due = "due";
    public const string RefundDue = "refund_due";
    public const string Captured = "captured";
    public const string Declined = "declined";
    public const string Refunded = "refunded";

    public const string Expired = "expired";

    public static PaymentStep Next(string status, bool maybeCharged, DateTimeOffset payBy, DateTimeOffset now) => (status, expired: now >= payBy, maybeCharged) switch
    {
        (RefundDue, _, _) => PaymentStep.Refund,
        (_, true, false) => PaymentStep.Expire,
        (_, true, true) => PaymentStep.AskThenExpire,
        (_, false, true) => PaymentStep.Ask,
        _ => PaymentStep.Charge,
    };
}
