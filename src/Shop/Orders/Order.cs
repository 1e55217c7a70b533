namespace Platform.Orders;

internal enum OrderStatus
{
    Pending,
    Paid,
    Declined,
    Fulfilled,
}

/// <summary>
/// State machine of an order. Payments decides whether it is paid and worker when it is fulfilled; orders only records it.
/// </summary>
internal static class OrderStatusExtensions
{
    public static bool CanBecome(this OrderStatus from, OrderStatus to) =>
        (from, to) switch
        {
            (OrderStatus.Pending, OrderStatus.Paid or OrderStatus.Declined) => true,
            (OrderStatus.Paid, OrderStatus.Fulfilled) => true,
            _ => false,
        };

    /// <summary>As stored and returned: "pending", "paid", "declined", "fulfilled".</summary>
    public static string ToText(this OrderStatus status) =>
        status switch
        {
            OrderStatus.Pending => "pending",
            OrderStatus.Paid => "paid",
            OrderStatus.Declined => "declined",
            _ => "fulfilled",
        };

    public static OrderStatus Parse(string text) =>
        text switch
        {
            "pending" => OrderStatus.Pending,
            "paid" => OrderStatus.Paid,
            "declined" => OrderStatus.Declined,
            "fulfilled" => OrderStatus.Fulfilled,
            _ => throw new FormatException("The stored order status is unknown."),
        };
}
