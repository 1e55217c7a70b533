using System.Diagnostics;
using Dapper;
using Npgsql;
using Platform.Contracts;
using Platform.Infrastructure.Jobs;
using Platform.Messaging;

namespace Platform.Payments;

/// <summary>Wakes ChargeDuePayments when a payment became due.</summary>
internal sealed class PaymentSignal : WakeSignal;

/// <summary>Records that a payment is due, with its trace context; ChargeDuePayments charges it.</summary>
internal sealed class OrderPlacedHandler : IMessageHandler<OrderPlaced>
{
    public async Task HandleAsync(OrderPlaced message, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7();
        Activity.Current?.SetTag(Attributes.OrderId, message.OrderId).SetTag(Attributes.PaymentId, id);
        var context = TraceContext.Capture();
        await connection.ExecuteAsync(
            new CommandDefinition(
                """
                INSERT INTO payments (id, order_id, amount_minor, currency, pay_by, status, sealed_card, traceparent, tracestate, baggage)
                VALUES (@id, @OrderId, @TotalMinor, @Currency, @PayBy, 'due', @Value, @Traceparent, @Tracestate, @Baggage)
                ON CONFLICT (order_id) DO NOTHING
                """,
                new
                {
                    id,
                    message.OrderId,
                    message.TotalMinor,
                    message.Currency,
                    PayBy = message.PayBy.UtcDateTime,
                    message.Card.Value,
                    context.Traceparent,
                    context.Tracestate,
                    context.Baggage,
                },
                cancellationToken: cancellationToken
            )
        );
    }
}
