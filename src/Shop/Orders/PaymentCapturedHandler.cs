using System.Diagnostics;
using Dapper;
using Npgsql;
using Platform.Contracts;
using Platform.Messaging;

namespace Platform.Orders;

internal sealed partial class PaymentCapturedHandler(
    Outbox outbox,
    AfterCommit afterCommit,
    OrdersMetrics metrics,
    ILogger<PaymentCapturedHandler> logger
) : IMessageHandler<PaymentCaptured>
{
    public async Task HandleAsync(PaymentCaptured message, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        Activity.Current?.SetTag(Attributes.OrderId, message.OrderId);
        if (!await OrdersDatabase.TryMoveAsync(connection, message.OrderId, OrderStatus.Paid, null, cancellationToken))
        {
            return;
        }

        var (items, network, last4) = await connection.QuerySingleAsync<(int, string, string)>(
            new CommandDefinition(
                "SELECT items, card_network, card_last4 FROM orders WHERE id = @OrderId",
                new { message.OrderId },
                cancellationToken: cancellationToken
            )
        );
        await outbox.AddAsync(
            connection,
            new OrderPaid(message.OrderId, message.AmountMinor, message.Currency, items, network, last4),
            cancellationToken
        );
        afterCommit.Do(() =>
        {
            metrics.Decided(OrderStatus.Paid);
            LogPaid(message.OrderId, message.AmountMinor, message.Currency);
        });
    }

    [LoggerMessage(
        EventId = 2103,
        EventName = "order.paid",
        Level = LogLevel.Information,
        Message = "Order {OrderId} paid: {AmountMinor} {Currency}"
    )]
    private partial void LogPaid(Guid orderId, long amountMinor, string currency);
}
