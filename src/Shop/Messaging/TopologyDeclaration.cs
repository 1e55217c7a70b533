using Platform.Contracts;
using RabbitMQ.Client;

namespace Platform.Messaging;

/// <summary>
/// Declares exchanges and queues before each publish or consume, so that a deleted one is recreated. Existing ones stay as they are.
/// </summary>
internal static class TopologyDeclaration
{
    /// <summary>
    /// Delivery limit for a message that kills its process: more than restarts and deploys in a row can cause. Explicit because defaults
    /// differ: 20 in RabbitMQ 4, none in 3.
    /// </summary>
    public const int DeliveryLimit = 20;

    // Listing dead letters fetches and requeues them, which counts as deliveries. The highest number stands for no limit: 3.10 accepts no
    // negative one, which means none in 4.
    private const int NoDeliveryLimit = int.MaxValue;

    public static async Task DeclareAsync(this IConnection connection, Topology topology, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        foreach (var exchange in topology.Exchanges)
        {
            await DeclareExchangeAsync(channel, exchange, cancellationToken);
        }

        foreach (var queue in topology.Queues)
        {
            await DeclareAsync(channel, queue, cancellationToken);
        }
    }

    public static async Task DeclareAsync(this IConnection connection, Queue queue, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await DeclareExchangeAsync(channel, queue.Source.Exchange, cancellationToken);
        await DeclareAsync(channel, queue, cancellationToken);
    }

    public static async Task DeclareWithoutDeadLettersAsync(this IConnection connection, Queue queue, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await DeclareExchangeAsync(channel, queue.Source.Exchange, cancellationToken);
        await DeclareWithoutDeadLettersAsync(channel, queue, cancellationToken);
    }

    public static async Task DeclareDeadLettersAsync(this IConnection connection, Queue queue, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await DeclareDeadLettersAsync(channel, queue, cancellationToken);
    }

    private static Task DeclareExchangeAsync(IChannel channel, string exchange, CancellationToken cancellationToken) =>
        channel.ExchangeDeclareAsync(exchange, ExchangeType.Topic, durable: true, cancellationToken: cancellationToken);

    private static async Task DeclareAsync(IChannel channel, Queue queue, CancellationToken cancellationToken)
    {
        await DeclareDeadLettersAsync(channel, queue, cancellationToken);
        await DeclareWithoutDeadLettersAsync(channel, queue, cancellationToken);
    }

    private static async Task DeclareWithoutDeadLettersAsync(IChannel channel, Queue queue, CancellationToken cancellationToken)
    {
        await DeclareQueueAsync(
            channel,
            queue.Name,
            new()
            {
                ["x-queue-type"] = "quorum",
                ["x-delivery-limit"] = DeliveryLimit,
                ["x-dead-letter-exchange"] = "",
                ["x-dead-letter-routing-key"] = queue.DeadLetters,
                ["x-dead-letter-strategy"] = "at-least-once",

                // At-least-once dead-lettering requires overflow=reject-publish.
                ["x-overflow"] = "reject-publish",
            },
            cancellationToken
        );
        await channel.QueueBindAsync(queue.Name, queue.Source.Exchange, queue.Source.RoutingKey, cancellationToken: cancellationToken);
    }

    private static Task<QueueDeclareOk> DeclareDeadLettersAsync(IChannel channel, Queue queue, CancellationToken cancellationToken) =>
        DeclareQueueAsync(
            channel,
            queue.DeadLetters,
            new() { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = NoDeliveryLimit },
            cancellationToken
        );

    private static Task<QueueDeclareOk> DeclareQueueAsync(
        IChannel channel,
        string name,
        Dictionary<string, object?> arguments,
        CancellationToken cancellationToken
    ) =>
        channel.QueueDeclareAsync(
            name,
            durable: true,
            exclusive: false,
            autoDelete: false,
            arguments,
            cancellationToken: cancellationToken
        );
}
