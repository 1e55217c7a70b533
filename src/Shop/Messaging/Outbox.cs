using System.Text.Json;
using Dapper;
using Npgsql;
using Platform.Contracts;
using Platform.Infrastructure.Jobs;
using Platform.Infrastructure.Switches;

namespace Platform.Messaging;

/// <summary>Wakes the relay. Notify after the commit.</summary>
public sealed class OutboxSignal : WakeSignal;

/// <summary>Adds messages in the caller's transaction, so that they commit with its changes or not at all.</summary>
public sealed class Outbox(Topology topology, Switches switches)
{
    /// <summary>Adds a message to the caller's open transaction, with the context of the current span.</summary>
    /// <returns>The message id: outbox id, message id and inbox key are one.</returns>
    public async Task<Guid> AddAsync<TMessage>(NpgsqlConnection connection, TMessage message, CancellationToken cancellationToken)
        where TMessage : notnull
    {
        var route = topology.RouteOf(typeof(TMessage));

        // A wrapper that forgets the headers.
        var context = switches.IsOn("x-29") ? default : TraceContext.Capture();
        var id = Guid.CreateVersion7();
        await connection.ExecuteAsync(
            new CommandDefinition(
                """
                INSERT INTO outbox (id, exchange, routing_key, body, traceparent, tracestate, baggage)
                VALUES (@id, @Exchange, @RoutingKey, @body, @Traceparent, @Tracestate, @Baggage)
                """,
                new
                {
                    id,
                    route.Exchange,
                    route.RoutingKey,
                    body = JsonSerializer.SerializeToUtf8Bytes(message, MessageJson.Options),
                    context.Traceparent,
                    context.Tracestate,
                    context.Baggage,
                },
                cancellationToken: cancellationToken
            )
        );
        return id;
    }
}

internal static class MessageJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };
}
