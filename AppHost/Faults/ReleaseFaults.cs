using Platform.Faults;

namespace Platform.AppHost.Faults;

/// <summary>Releases and settings with a mistake in them, each of one service.</summary>
internal static class ReleaseFaults
{
    public static IEnumerable<Fault> All(IDistributedApplicationBuilder builder)
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
            SettingFault.Number
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
            "payments",
            builder.SettingsFileOf("payments"),
            new(
                "telemetry-misdirected",
                "Release sends its telemetry nowhere",
                "EyeOff",
                "Nothing.",
                "Traces end at the queue of payments and go on after it, its log records end, and its metrics in Prometheus go on: "
                    + "otel_sdk_processor_span_processed_total stands still, and then counts queue_full."
            ),
            null,
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            // The discard service's port, on which nobody listens.
            value: "http://127.0.0.1:9"
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
}
