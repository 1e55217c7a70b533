namespace Platform.Traffic;

// The shop's public API as a shopper's browser knows it.
internal sealed record SessionRequest(string Tenant, string User);

internal sealed record Session(string Token, DateTimeOffset ExpiresAt);

internal sealed record Product(string Sku, string Name, long PriceMinor, string Currency);

internal sealed record OrderRequest(IReadOnlyList<OrderLine> Lines, PaymentCard Card);

internal sealed record OrderLine(string Sku, int Quantity);

internal sealed record PaymentCard(string Number, string Expiry, string Cvc);

internal sealed record Order(string Id, string Status);
