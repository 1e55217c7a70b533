using Platform.Faults;
using Platform.Faults.Postgres;
using Platform.Faults.RabbitMq;
using Platform.Faults.Redis;

namespace Platform.AppHost.Faults;

/// <summary>What breaks PostgreSQL, Redis and RabbitMQ, with the names that this shop has in them.</summary>
internal static class ServerFaults
{
    private static readonly string[] Databases = ["ordersdb", "paymentsdb", "workerdb"];

    private static readonly string[] Queues =
    [
        "worker.order-paid",
        "payments.order-placed",
        "orders.payment-captured",
        "orders.payment-declined",
        "orders.order-fulfilled",
    ];

    public static IEnumerable<Fault> Postgres()
    {
        const string Server = "postgres";
        yield return new LockHeld(
            Server,
            "ordersdb",
            ["orders", "products", "outbox", "idempotency"],
            "Placing and reading orders hangs, then fails."
        );
        yield return new IndexDropped(Server);
        yield return new ConnectionsCapped(Server, ["orders", "payments", "worker"], "Most requests of one service fail.");
        yield return new BackendsFrozen(Server, Databases, "Some requests hang for seconds, others are fine.");
        yield return new ServerStopped(
            Server,
            "No order can be placed or read.",
            "Every service but the gateway is unhealthy, its requests end with 503, and the database spans fail to connect."
        );
    }

    public static IEnumerable<Fault> Redis()
    {
        const string Server = "redis";
        const string NothingMuch = "Hardly anything: pages come from the database, a little slower.";
        yield return new RedisFrozen(Server, NothingMuch);
        yield return new RedisSlow(Server, "Every request is slower by up to the time-out of the cache.");
        yield return new KeysEvicted(Server, NothingMuch);
        yield return new ServerStopped(
            Server,
            NothingMuch,
            "The cache's spans fail, its breaker opens, and the services are degraded; queries of the database rise."
        );
    }

    public static IEnumerable<Fault> RabbitMq()
    {
        const string Server = "rabbitmq";
        const string Memory = "1GB";
        const string Late = "Orders are accepted, and are paid and fulfilled late.";
        yield return new QueueDeleted(Server, Queues, Memory, Late);
        yield return new MemoryAlarm(Server, Memory, Late);
        yield return new PoisonMessage(Server, Queues, "Nothing, as long as the consumer gives the message up.");
        yield return new MessageWithoutHeaders(Server, Queues, "Nothing: the message is no order of anybody.");
        yield return new ConnectionsClosed(Server, "Orders are fulfilled a second or two later.");
        yield return new ServerStopped(Server, Late, "Outbox rows wait, services are degraded, and no consumer span begins.");
    }
}
