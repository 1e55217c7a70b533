using System.Net.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Platform.Messaging;

/// <summary>
/// The process's one connection to RabbitMQ, made when somebody needs it and made anew when it was lost. No automatic recovery inside
/// the client: the consumers and the relay start over by themselves, with the topology declared again.
/// </summary>
internal sealed class BrokerConnection(IConnectionFactory factory, Topology topology) : IAsyncDisposable
{
    // Higher than any handler crashes in a row that a restart or a deploy can cause; RabbitMQ 4 has the same default.
    public const int DeliveryLimit = 20;

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _gate = new(1);
    private IConnection? _connection;

    public bool IsOpen => _connection is { IsOpen: true };

    /// <summary>
    /// Failures that mean "the broker is away", and pass. The client also cancels and disposes by itself what was under way on a
    /// connection that it lost.
    /// </summary>
    public static bool IsAway(Exception exception) => exception is RabbitMQClientException or IOException or SocketException or TimeoutException
        or ObjectDisposedException or OperationCanceledException;

    public async Task<IConnection> GetAsync(CancellationToken cancellationToken)
    {
        if (_connection is { IsOpen: true } open)
        {
            return open;
        }

        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_connection is not { IsOpen: true })
            {
                await CloseAsync();
                var connection = await factory.CreateConnectionAsync(cancellationToken);
                await DeclareAsync(connection, cancellationToken);
                _connection = connection;
            }

            return _connection;
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _gate.Dispose();
    }

    /// <summary>With all its channels. A broker that is going away too does not answer: it is not waited for.</summary>
    private async Task CloseAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.AbortAsync(CloseTimeout);
            await connection.DisposeAsync();
        }
    }

    private async Task DeclareAsync(IConnection connection, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        foreach (var exchange in topology.Exchanges)
        {
            await channel.ExchangeDeclareAsync(exchange, ExchangeType.Topic, durable: true, cancellationToken: cancellationToken);
        }

        foreach (var queue in topology.Queues)
        {
            await channel.QueueDeclareAsync(queue.DeadLetters, durable: true, exclusive: false, autoDelete: false,
                new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: cancellationToken);
            await channel.QueueDeclareAsync(queue.Name, durable: true, exclusive: false, autoDelete: false,
                new Dictionary<string, object?>
                {
                    ["x-queue-type"] = "quorum",
                    ["x-delivery-limit"] = DeliveryLimit,
                    ["x-dead-letter-exchange"] = "",
                    ["x-dead-letter-routing-key"] = queue.DeadLetters,
                    ["x-dead-letter-strategy"] = "at-least-once",

                    // At-least-once dead-lettering is only allowed where a full queue refuses instead of dropping.
                    ["x-overflow"] = "reject-publish",
                },
                cancellationToken: cancellationToken);
            await channel.QueueBindAsync(queue.Name, queue.Source.Exchange, queue.Source.RoutingKey, cancellationToken: cancellationToken);
        }
    }
}

/// <summary>Soft: without the broker orders are still accepted, and wait in the outbox.</summary>
internal sealed class BrokerHealthCheck(BrokerConnection broker) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(broker.IsOpen ? HealthCheckResult.Healthy() : new HealthCheckResult(context.Registration.FailureStatus, "Not connected."));
}
