using System.Diagnostics;
using Npgsql;
using Platform.Contracts;
using Platform.Messaging;

namespace Platform.Orders;

internal sealed partial class OrderFulfilledHandler(AfterCommit afterCommit, OrdersMetrics metrics, ILogger<OrderFulfilledHandler> logger)
    : IMessageHandler<OrderFulfilled>
{
    public async Task HandleAsync(OrderFulfilled message, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        Activity.Current?.SetTag(Attributes.OrderId, message.OrderId);
        if (await OrdersDatabase.TryMoveAsync(connection, message.OrderId, OrderStatus.Fulfilled, null, cancellationToken))
        {
            afterCommit.Do(() =>
            {
                metrics.Decided(OrderStatus.Fulfilled);
                LogFulfilled(message.OrderId);
            });
        }
    }

    [LoggerMessage(EventId = 2105, EventName = "order.fulfilled", Level = LogLevel.Information, Message = "Order {OrderId} is fulfilled")]
    private partial void LogFulfilled(Guid orderId);
}
