namespace Platform.Contracts;

/// <summary>Every exchange, routing key and queue of the shop. Queues are named &lt;consumer&gt;.&lt;message&gt;.</summary>
public static class ShopTopology
{
    public const string PaymentsOrderPlaced = "payments.order-placed";
    public const string OrdersPaymentCaptured = "orders.payment-captured";
    public const string OrdersPaymentDeclined = "orders.payment-declined";
    public const string OrdersOrderFulfilled = "orders.order-fulfilled";
    public const string WorkerOrderPaid = "worker.order-paid";

    private static readonly Route OrderPlaced = new("orders", "order.placed");
    private static readonly Route OrderPaid = new("orders", "order.paid");
    private static readonly Route PaymentCaptured = new("payments", "payment.captured");
    private static readonly Route PaymentDeclined = new("payments", "payment.declined");
    private static readonly Route OrderFulfilled = new("worker", "order.fulfilled");

    public static readonly Topology Instance = new(
        new Dictionary<Type, Route>
        {
            [typeof(OrderPlaced)] = OrderPlaced,
            [typeof(OrderPaid)] = OrderPaid,
            [typeof(PaymentCaptured)] = PaymentCaptured,
            [typeof(PaymentDeclined)] = PaymentDeclined,
            [typeof(OrderFulfilled)] = OrderFulfilled,
        },
        [
            new(PaymentsOrderPlaced, OrderPlaced),
            new(OrdersPaymentCaptured, PaymentCaptured),
            new(OrdersPaymentDeclined, PaymentDeclined),
            new(OrdersOrderFulfilled, OrderFulfilled),
            new(WorkerOrderPaid, OrderPaid),
        ]
    );
}
