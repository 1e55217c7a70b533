using System.Diagnostics;
using System.Diagnostics.Metrics;
using Platform.Contracts;
using Platform.Infrastructure.Data;
using Platform.Infrastructure.Switches;

namespace Platform.Orders;

/// <summary>Dashboards and drills rely on these names; renaming one is a breaking change.</summary>
internal static class OrdersTelemetry
{
    public const string Name = "Platform.Orders";

    public static readonly ActivitySource Source = new(new ActivitySourceOptions(Name) { Version = "1.0.0" });
}

internal sealed class OrdersMetrics
{
    private const string Status = "platform.order.status";

    /// <summary>Here and not in payments or worker: those may be what is away.</summary>
    public static readonly TableAge OldestAge = new(
        "platform.order.oldest.age",
        "How long the oldest order has been undecided (pending), or paid and not fulfilled (paid).",
        Status,
        """
        SELECT state, coalesce(extract(epoch FROM now() - since), 0)::float8
        FROM (SELECT min(created_at) FILTER (WHERE status = 'pending') AS pending, min(decided_at) FILTER (WHERE status = 'paid') AS paid
              FROM orders WHERE status IN ('pending', 'paid')) oldest,
             LATERAL (VALUES ('pending', pending), ('paid', paid)) AS ages (state, since)
        """
    );

    private readonly Counter<long> _placed;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _decided;
    private readonly Gauge<int> _overdue;

    public OrdersMetrics(IMeterFactory meters, Switches switches)
    {
        var meter = meters.Create(OrdersTelemetry.Name);

        // A release that renames the counter: what asks for the old name gets nothing.
        _placed = meter.CreateCounter<long>(
            switches.IsOn("x-51") ? "platform.orders.accepted" : "platform.orders.placed",
            "{order}",
            "Orders accepted and written to the database."
        );
        _refused = meter.CreateCounter<long>(
            "platform.orders.refused",
            "{order}",
            "Orders that were well-formed and not accepted, by reason."
        );
        _overdue = meter.CreateGauge<int>(
            "platform.orders.overdue",
            "{order}",
            "Orders that wait for another service for too long, by status."
        );
        _decided = meter.CreateCounter<long>("platform.orders.decided", "{order}", "Orders that reached a new status, by status.");
    }

    public void Placed() => _placed.Add(1);

    /// <param name="reason">"out_of_stock" or "key_reused".</param>
    public void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>(Attributes.Reason, reason));

    public void Overdue(OrderStatus status, int orders) =>
        _overdue.Record(orders, new KeyValuePair<string, object?>(Status, status.ToText()));

    public void Decided(OrderStatus status) => _decided.Add(1, new KeyValuePair<string, object?>(Status, status.ToText()));
}
