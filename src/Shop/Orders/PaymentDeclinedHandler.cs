using System.Diagnostics;
using Dapper;
using Npgsql;
using Platform.Contracts;
using Platform.Messaging;

namespace Platform.Orders;

internal sealed partial class PaymentDeclinedHandler(AfterCommit afterCommit, OrdersMetrics metrics, ILogger<PaymentDeclinedHandler> logger)
    : IMessageHandler<PaymentDeclined>
{
    public async Task HandleAsync(PaymentDeclined message, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        Activity.Current?.SetTag(Attributes.OrderId, message.OrderId);
        if (!await OrdersDatabase.TryMoveAsync(connection, message.OrderId, OrderStatus.Declined, message.Reason, cancellationToken))
        {
            return;
        }

        var units = await connection.QueryAsync<(string Sku, int Quantity)>(
            new CommandDefinition(
                "SELECT sku, quantity FROM order_lines WHERE order_id = @OrderId",
                new { message.OrderId },
                cancellationToken: cancellationToken
            )
        );
        await Stock.ReleaseAsync(connection, units, cancellationToken);
        afterCommit.Do(() =>
        {
            metrics.Decided(OrderStatus.Declined);
            LogDeclined(message.OrderId, message.Reason);
        });
    }

    [LoggerMessage(
        EventId = 2104,
        EventName = "order.declined",
        Level = LogLevel.Information,
        Message = "Order {OrderId} declined: {Reason}"
    )]
    private partial void LogDeclined(Guid orderId, string reason);
}
