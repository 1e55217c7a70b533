namespace Platform.Contracts;

/// <summary>Where a message type is published.</summary>
/// <param name="Exchange">Topic exchange, durable; one per service.</param>
/// <param name="RoutingKey">E.g. "order.placed".</param>
public sealed record Route(string Exchange, string RoutingKey);

/// <summary>A quorum queue "&lt;consumer&gt;.&lt;message&gt;" and what it is bound to.</summary>
public sealed record Queue(string Name, Route Source)
{
    /// <summary>Where a message goes that can never be processed.</summary>
    public string DeadLetters => $"{Name}.dead";
}

/// <summary>
/// Every exchange and queue of a platform. Each service declares all of them, publishers too: a message published before its consumer first
/// runs must find its queue.
/// </summary>
public sealed class Topology(IReadOnlyDictionary<Type, Route> routes, IReadOnlyList<Queue> queues)
{
    public IReadOnlyList<Queue> Queues { get; } = queues;

    public IEnumerable<string> Exchanges => routes.Values.Select(route => route.Exchange).Distinct();

    public Route RouteOf(Type message) =>
        routes.TryGetValue(message, out var route)
            ? route
            : throw new InvalidOperationException($"{message.Name} has no route in the topology.");

    public Queue QueueOf(string name) =>
        Queues.FirstOrDefault(queue => queue.Name == name) ?? throw new InvalidOperationException($"{name} is no queue of the topology.");
}
