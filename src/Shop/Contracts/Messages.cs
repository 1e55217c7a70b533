namespace Platform.Contracts;

/// <summary>order.placed: the order is accepted and its stock reserved; payments charges it by <paramref name="PayBy"/>.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="TotalMinor">Amount in minor units of <paramref name="Currency"/> (cents).</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="PayBy">No charge starts after this time.</param>
/// <param name="Card">The card, readable for payments only.</param>
public sealed record OrderPlaced(Guid OrderId, long TotalMinor, string Currency, DateTimeOffset PayBy, SealedCard Card);

/// <summary>payment.captured: the card was charged.</summary>
public sealed record PaymentCaptured(Guid OrderId, Guid PaymentId, long AmountMinor, string Currency);

/// <summary>payment.declined: nothing is charged, now or later.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment.</param>
/// <param name="Reason">The acquirer's reason, or "expired" when the time to pay ran out.</param>
public sealed record PaymentDeclined(Guid OrderId, Guid PaymentId, string Reason);

/// <summary>order.paid: the order can be fulfilled.</summary>
public sealed record OrderPaid(Guid OrderId, long TotalMinor, string Currency, int Items, string CardNetwork, string CardLast4);

/// <summary>order.fulfilled: the fraud check is done and the receipt sent.</summary>
public sealed record OrderFulfilled(Guid OrderId);
