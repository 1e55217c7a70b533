namespace Platform.Alerts;

/// <summary>A fault of the catalogue; or, with the name "stop", a resource that is stopped.</summary>
internal sealed record Cause(string Resource, string Fault, double? Strength = null, string? Scope = null)
{
    public const string Stop = "stop";
}

/// <summary>Causes at one time, and the alerts that must follow from them within a limit.</summary>
internal sealed record Phase(TimeSpan Limit, Cause[] Causes, string[] Alerts)
{
    /// <summary>
    /// What pages; the one that takes a quarter of an hour is last. CpuExhausted is missing: one process does not get 95 % of a machine
    /// that all others share, however many threads it has.
    /// </summary>
    public static readonly Phase[] Critical =
    [
        new(Minutes(8), [new("orders", "release-bad")], ["RequestsFailing", "HighErrorRate", "ObjectiveBurnsFast"]),
        new(Minutes(6), [new("worker", "frozen")], ["ServiceDown", "OrdersUnfulfilled"]),
        new(Minutes(5), [new("worker", Cause.Stop)], ["QueueWithoutConsumer"]),
        new(Minutes(5), [new("orders", "pool-small")], ["DatabasePoolExhausted"]),
        new(Minutes(4), [new("postgres", "stopped")], ["PostgresDown"]),
        new(Minutes(4), [new("rabbitmq", "memory-alarm")], ["RabbitMqAlarm"]),
        new(Minutes(4), [new("rabbitmq", "queue-deleted")], ["QueueGone"]),
        new(Minutes(4), [new("rabbitmq", "stopped")], ["RabbitMqDown"]),
        new(Minutes(20), [new("acquirer", "failing", 100)], ["NoSuccessfulPayments"]),
    ];

    /// <summary>
    /// The rest, as far as a fault makes it: what needs an hour or a day is proven by promtool alone. The burst is first, before other
    /// faults make shoppers ask more often and raise what is usual. ThreadPoolStarved is missing: a process without a free thread does
    /// not answer Prometheus either, and what fires is ServiceDown.
    /// </summary>
    public static readonly Phase[] Others =
    [
        new(Minutes(4), [new("traffic", "burst", 20)], ["TrafficSpiked"]),
        new(Minutes(5), [new("acquirer", "failing", 100), new("redis", "stopped")], ["DependencyFailing", "OrdersUndecided", "RedisDown"]),
        new(Minutes(4), [new("acquirer", "slow")], ["CallsSlow", "DependencySlow"]),
        new(Minutes(5), [new("orders", "release-bad")], ["NewIssue", "ErrorRateElevated", "ObjectiveBurnsSlowly"]),
        new(Minutes(5), [new("worker", "frozen")], ["QueueBacklog"]),
        new(Minutes(4), [new("rabbitmq", "stopped")], ["OutboxStuck"]),
        new(Minutes(3), [new("rabbitmq", "poison-message", Scope: "orders.order-fulfilled")], ["DeadLetters"]),
        new(Minutes(4), [new("orders", "threads-starved")], ["HighLatency", "ServiceDown"]),
        new(Minutes(4), [new("orders", "pool-small")], ["DatabasePoolLow"]),
        new(Minutes(4), [new("payments", "cpu-hog", 64)], ["CpuSaturated"]),
        new(Minutes(5), [new("payments", "webhook-without-inbox"), new("acquirer", "webhook-repeated")], ["BooksDisagree"]),
        new(Minutes(6), [new("traffic", "stopped")], ["TrafficDropped"]),
        new(Minutes(5), [new("payments", "telemetry-misdirected")], ["ServiceSilent"]),
        new(Minutes(5), [new("worker", "memory-leak", 256)], ["MemoryGrowing"]),
        new(Minutes(3), [new("alertmanager", Cause.Stop)], ["NotificationsFailing"]),
    ];

    private static TimeSpan Minutes(int minutes) => TimeSpan.FromMinutes(minutes);
}
