using System.Diagnostics;
using Dapper;
using Npgsql;
using Platform.Contracts;
using Platform.Infrastructure.Jobs;
using Platform.Messaging;

namespace Platform.Worker;

/// <summary>Wakes FulfilPaidOrders when an order became due.</summary>
internal sealed class FulfilmentSignal : WakeSignal;

internal sealed class OrderPaidHandler : IMessageHandler<OrderPaid>
{
    public async Task HandleAsync(OrderPaid message, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        Activity.Current?.SetTag(Attributes.OrderId, message.OrderId);
        var context = TraceContext.Capture();
        await connection.ExecuteAsync(
            new CommandDefinition(
                """
                INSERT INTO fulfilments (order_id, total_minor, currency, items, card_network, card_last4, traceparent, tracestate, baggage)
                VALUES (@OrderId, @TotalMinor, @Currency, @Items, @CardNetwork, @CardLast4, @Traceparent, @Tracestate, @Baggage)
                ON CONFLICT (order_id) DO NOTHING
                """,
                new
                {
                    message.OrderId,
                    message.TotalMinor,
                    message.Currency,
                    message.Items,
                    message.CardNetwork,
                    message.CardLast4,
                    context.Traceparent,
                    context.Tracestate,
                    context.Baggage,
                },
                cancellationToken: cancellationToken
            )
        );
    }
}
