namespace Platform.Contracts;

/// <summary>order.placed: an order was accepted and its stock reserved. To be charged until <paramref name="PayBy"/>.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="TotalMinor">Amount in minor units of <paramref name="Currency"/> (cents).</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="PayBy">No charge starts after this time.</param>
/// <param name="Card">The card, readable for payments only.</param>
public sealed record OrderPlaced(Guid OrderId, long TotalMinor, string Currency, DateTimeOffset PayBy, SealedCard Card);

/// <summary>payment.captured: the card was charged.</summary>
public sealed record PaymentCaptured(Guid OrderId, Guid PaymentId, long AmountMinor, string Currency);

/// <summary>payment.declined: nothing was charged and nothing will be.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment.</param>
/// <param name="Reason">The acquirer's reason, or "expired" when the time to pay ran out.</param>
public sealed record PaymentDeclined(Guid OrderId, Guid PaymentId, string Reason);

/// <summary>order.paid: the order can be fulfilled.</summary>
public sealed record OrderPaid(Guid OrderId, long TotalMinor, string Currency, int Items, string CardNetwork, string CardLast4);

/// <summary>order.fulfilled: checked, receipted and done.</summary>
public sealed record OrderFulfilled(Guid OrderId);
