using Platform.Faults;
using Platform.Faults.Postgres;
using Platform.Faults.Processes;
using Platform.Faults.RabbitMq;
using Platform.Faults.Redis;

namespace Platform.AppHost.Faults;

/// <summary>All that can be broken on purpose. docs/faults.md is the table for people.</summary>
internal static class ShopFaults
{
    private static readonly string[] Services = ["gateway", "orders", "payments", "worker"];
    private static readonly string[] Databases = ["ordersdb", "paymentsdb", "workerdb"];
    private static readonly string[] Tenants = ["acme", "birch", "cedar", "dune", "ember", "fjord", "grove", "harbor"];

    private static readonly string[] Queues =
    [
        "worker.order-paid",
        "payments.order-placed",
        "orders.payment-captured",
        "orders.payment-declined",
        "orders.order-fulfilled",
    ];

    private static readonly Strength Share = new("Share of requests", "%", 1, 100, 100);

    /// <summary>Adds all of them, and marks those that a person injects on Observatory's charts.</summary>
    public static void AddShopFaults(this IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> observatory)
    {
        // What is published has no folder of this machine.
        if (builder.ExecutionContext.IsPublishMode)
        {
            return;
        }

        builder
            .AddFaults([
                .. Company("acquirer", "Payments come late; placing orders is as fast as ever."),
                .. AcquirerOnly(),
                .. Company("llm", "Receipts come later and without a fraud note; customers hardly notice."),
                .. Postgres(),
                .. Redis(),
                .. RabbitMq(),
                .. Services.SelectMany(service => Process(service, builder)),
                .. Releases(builder),
                .. Load(),
            ])
            ?.WithObserver(
                new FaultObserver(
                    observatory.GetEndpoint("http"),
                    "/api/faults",
                    "x-api-key",
                    builder.Configuration["AppHost:DashboardApiKey"]
                )
            );
    }

    private static IEnumerable<Fault> Company(string company, string usersFeel)
    {
        yield return new CompanyFault(
            company,
            new(
                "slow",
                "Slow",
                "Timer",
                usersFeel,
                "The client span takes the time; nothing fails, and our own work is as fast as before."
            ),
            new("Latency", "ms", 100, 60_000, 3_000),
            strength => new { latencyMs = (int)strength }
        );
        yield return new CompanyFault(
            company,
            new(
                "failing",
                "Failing",
                "ErrorCircle",
                usersFeel,
                "Calls end with 503, the breaker opens, and the service says what it cannot reach."
            ),
            Share,
            strength => new { errorRate = strength / 100 }
        );
        yield return new CompanyFault(
            company,
            new(
                "timing-out",
                "Timing out",
                "ClockDismiss",
                usersFeel,
                "Client spans end at our own time-out with no status code; what was asked for may have been done."
            ),
            Share,
            strength => new { timeoutRate = strength / 100 }
        );
        yield return new CompanyFault(
            company,
            new(
                "stalling",
                "Stalling",
                "ArrowSync",
                usersFeel,
                "Headers and half a body arrive, then nothing: client spans end at our time-out although a status 200 or 201 was seen."
            ),
            Share,
            strength => new { stallRate = strength / 100 }
        );
        yield return new CompanyFault(
            company,
            new(
                "garbage",
                "Garbage",
                "DocumentError",
                usersFeel,
                "Client spans are 200 and look well, and the work that reads them fails: unreadable answers, tried again and again."
            ),
            Share,
            strength => new { garbageRate = strength / 100 }
        );
        yield return new CompanyUnreachable(company, usersFeel);
        yield return new CompanyFault(
            company,
            new(
                "rate-limited",
                "Rate-limited",
                "TopSpeed",
                usersFeel,
                "Some calls end with 429 and Retry-After; the more is asked, the larger the share."
            ),
            new("Requests per second", "1/s", 1, 1_000, 1),
            strength => new { limitPerSecond = (int)strength, retryAfterSeconds = 5 }
        );
        yield return new CompanyFault(
            company,
            new("key-rotated", "Key rotated", "Key", usersFeel, "Every call ends with 401 from one moment on, quickly."),
            null,
            _ => new { key = "revoked" }
        );
        yield return new CompanyFault(
            company,
            new(
                "token-expired",
                "Token expired",
                "KeyReset",
                usersFeel,
                "Every call ends with 401 and WWW-Authenticate: invalid_token, quickly."
            ),
            null,
            _ => new { key = "expired" }
        );
    }

    private static IEnumerable<Fault> AcquirerOnly()
    {
        const string Company = "acquirer";
        yield return new CompanyFault(
            Company,
            new(
                "declining",
                "Declining",
                "PaymentOff",
                "Orders are declined although the cards are good.",
                "Calls end with 402; orders are decided quickly, and as declined. No error anywhere."
            ),
            Share,
            strength => new { declineRate = strength / 100 }
        );
        yield return new CompanyFault(
            Company,
            new(
                "webhook-repeated",
                "Webhook repeated",
                "ArrowRepeatAll",
                "Nothing, as long as the inbox drops repeats.",
                "POST /webhooks/acquirer several times for one platform.event.id; captures are as many as orders."
            ),
            new("Deliveries of each event", "1", 2, 10, 3),
            strength => new { webhookCopies = (int)strength }
        );
        yield return new CompanyFault(
            Company,
            new(
                "webhook-wrongly-signed",
                "Webhook wrongly signed",
                "Signature",
                "Nothing at first: payments asks by itself. Refunds of late captures wait.",
                "POST /webhooks/acquirer ends with 401, and the company tries again and gives up."
            ),
            null,
            _ => new { webhooksMissigned = true }
        );
        yield return new CompanyFault(
            Company,
            new(
                "webhook-late",
                "Webhook late and out of order",
                "CalendarClock",
                "Nothing, as long as a webhook decides nothing.",
                "POST /webhooks/acquirer comes long after the order's trace has ended; later events overtake earlier ones."
            ),
            new("At most", "s", 1, 600, 60),
            strength => new { webhookDelayMs = (int)(strength * 100), webhookJitterMs = (int)(strength * 900) }
        );
    }

    private static IEnumerable<Fault> Postgres()
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

    private static IEnumerable<Fault> Redis()
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

    private static IEnumerable<Fault> RabbitMq()
    {
        const string Server = "rabbitmq";
        const string Late = "Orders are accepted, and are paid and fulfilled late.";
        yield return new QueueDeleted(Server, Queues, Late);
        yield return new MemoryAlarm(Server, "1GB", Late);
        yield return new PoisonMessage(Server, Queues, "Nothing, as long as the consumer gives the message up.");
        yield return new MessageWithoutHeaders(Server, Queues, "Nothing: the message is no order of anybody.");
        yield return new ConnectionsClosed(Server, "Orders are fulfilled a second or two later.");
        yield return new ServerStopped(Server, Late, "Outbox rows wait, services are degraded, and no consumer span begins.");
    }

    private static IEnumerable<Fault> Process(string service, IDistributedApplicationBuilder builder)
    {
        var usersFeel = service switch
        {
            "gateway" => "Nothing works.",
            "orders" => "Orders can be neither placed nor read.",
            "payments" => "Orders are accepted, and paid late.",
            _ => "Orders are paid, and fulfilled late.",
        };
        var settings = builder.SettingsFileOf(service);
        yield return new ProcessFrozen(service, usersFeel);
        yield return new ProcessKilled(service, usersFeel);
        yield return new SettingFault(
            service,
            settings,
            new(
                "cpu-hog",
                "CPU hog",
                "TopSpeed",
                "Everything on this machine is slower.",
                "process.cpu.time of one service rises to the processors there are, and all its spans are longer; no "
                    + "dependency is slower for others."
            ),
            new("Threads", "1", 1, 64, 8),
            ["Switches:x-31"],
            Number
        );
        yield return new SettingFault(
            service,
            settings,
            new(
                "threads-starved",
                "Thread pool starved",
                "ThreadDismiss",
                usersFeel,
                "dotnet.thread_pool.queue.length and the thread count rise while the CPU is idle; spans have gaps before their first child."
            ),
            new("Blocking calls per second", "1/s", 10, 2_000, 500),
            ["Switches:x-32"],
            Number
        );
        yield return new SettingFault(
            service,
            settings,
            new(
                "memory-leak",
                "Memory leak",
                "Memory",
                "Nothing until the memory ends.",
                "dotnet.process.memory.working_set and the heap after a collection rise steadily, and fall only with a restart."
            ),
            new("Rate", "MB/min", 1, 1_024, 120),
            ["Switches:x-33"],
            Number
        );
        yield return new SettingFault(
            service,
            settings,
            new(
                "clock-off",
                "Clock off",
                "ClockAlarm",
                service == "payments" ? "Nothing at first: webhooks are refused." : "Sessions and deadlines end at the wrong time.",
                "Spans and log lines have the right time and what the code decides by the time is wrong: payments refuses "
                    + "signed webhooks with 401."
            ),
            new("Minutes", "min", -60, 60, 7),
            ["Switches:x-34"],
            Number
        );
        yield return new SettingFault(
            service,
            settings,
            new(
                "log-debug",
                "Log level debug",
                "DocumentText",
                "Nothing, or a little latency.",
                "Log lines of the service multiply, by levels that nobody asked for; everything else is as before."
            ),
            null,
            [
                "Logging:LogLevel:Npgsql.Command",
                "Logging:LogLevel:Npgsql.Connection",
                "Logging:LogLevel:Microsoft.AspNetCore.Hosting",
                "Logging:LogLevel:Microsoft.AspNetCore.Routing",
                "Logging:LogLevel:Yarp.ReverseProxy.Forwarder",
            ],
            _ => "Debug"
        );
    }

    private static IEnumerable<Fault> Releases(IDistributedApplicationBuilder builder)
    {
        var orders = builder.SettingsFileOf("orders");
        yield return new ReleaseFault(
            "orders",
            orders,
            new(
                "release-bad",
                "Release fails for some orders",
                "ArrowUpload",
                "Orders of three lines and more fail, on the instance with the new release.",
                "POST /api/orders has 500 with an IndexOutOfRangeException in one release only; a new issue, first seen in it."
            ),
            null,
            "Switches:x-41"
        );
        yield return new ReleaseFault(
            "orders",
            orders,
            new(
                "connection-leak",
                "Release leaks connections",
                "PlugDisconnected",
                "Nothing for minutes; then nearly everything of orders fails.",
                "Used connections climb like a staircase by declined orders, up to the pool's maximum; then all wait for 3 s "
                    + "and end with 503."
            ),
            new("Connections for each declined order that is read", "1", 1, 40, 4),
            "Switches:x-14"
        );
        yield return new ReleaseFault(
            "orders",
            orders,
            new(
                "pool-small",
                "Release with a small pool",
                "DatabaseLink",
                "Orders wait for a connection, and most fail.",
                "Used connections are flat at the new maximum, waiting ones are above zero, and spans have a gap before their first query."
            ),
            new("Connections", "1", 1, 20, 1),
            "Database:MaxPoolSize",
            "Switches:x-15"
        );
        yield return new ReleaseFault(
            "orders",
            orders,
            new(
                "metric-renamed",
                "Release renames a metric",
                "Rename",
                "Nothing.",
                "platform.orders.placed ends and platform.orders.accepted begins; what asks for the old name sees no orders."
            ),
            null,
            "Switches:x-51"
        );
        yield return new ReleaseFault(
            "orders",
            orders,
            new(
                "trace-context-lost",
                "Release loses trace context",
                "BranchFork",
                "Nothing.",
                "Orders end at the outbox, and payments and worker begin traces of their own without user and tenant."
            ),
            null,
            "Switches:x-29"
        );
        yield return new SettingFault(
            "gateway",
            builder.SettingsFileOf("gateway"),
            new(
                "config-changed",
                "Config changed",
                "Settings",
                "Busy users get 429.",
                "POST /api/orders ends with 429 for users of large tenants from one moment on, and no deploy is near it."
            ),
            new("Requests per user and minute", "1/min", 1, 6_000, 6),
            ["RateLimit:PermitsPerMinute"],
            Number
        );
        yield return new ReleaseFault(
            "payments",
            builder.SettingsFileOf("payments"),
            new(
                "webhook-without-inbox",
                "Release without the webhook's inbox",
                "ArrowRepeatAll",
                "Nothing; the books say more than was taken. With repeated webhooks several times as much.",
                "platform.payments.decided of captured rises faster than orders, and each delivery of an event is booked."
            ),
            null,
            "Switches:x-05"
        );
        yield return new ReleaseFault(
            "worker",
            builder.SettingsFileOf("worker"),
            new(
                "retries-for-ever",
                "Release tries bad messages for ever",
                "ArrowSyncCircle",
                "Nothing, until a bad message comes: then no order is fulfilled any more.",
                "One message at a time. With a poison message: consumer spans of one message id again and again, and the queue "
                    + "behind it grows."
            ),
            null,
            "Switches:x-25"
        );
        yield return new ReleaseFault(
            "worker",
            builder.SettingsFileOf("worker"),
            new(
                "fraud-note-dear",
                "Release asks a dearer model",
                "MoneyHand",
                "Nothing; the bill grows.",
                "gen_ai.usage.input_tokens of write_fraud_note rises a hundredfold and gen_ai.request.model is another, from "
                    + "one release on."
            ),
            null,
            "Switches:x-48"
        );
    }

    private static IEnumerable<Fault> Load()
    {
        const string Traffic = "traffic";
        yield return new LoadFault(
            Traffic,
            new(
                "noisy-tenant",
                "Noisy tenant",
                "PeopleTeam",
                "Everybody waits longer, because of one.",
                "Requests of one tenant.id multiply; latency rises for all tenants, errors for none or for all."
            ),
            new("Times its share", "1", 2, 200, 20),
            Tenants,
            (before, strength) => (before, (int)strength)
        );
        yield return new LoadFault(
            Traffic,
            new(
                "stopped",
                "Traffic stops",
                "PeopleProhibited",
                "Nobody is there to feel it.",
                "Requests fall to zero without an error; health is well everywhere."
            ),
            null,
            [],
            (_, _) => (0, 1)
        );
        yield return new LoadFault(
            Traffic,
            new(
                "burst",
                "Burst",
                "TopSpeed",
                "Everybody waits longer.",
                "All rates multiply at once, then latency, queues and the pools' waiting ones."
            ),
            new("Times the load", "1", 2, 50, 10),
            [],
            (before, strength) => (before * strength, 1)
        );
    }

    private static string Number(double strength) => strength.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
