using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Platform.Infrastructure.Data;
using Platform.Infrastructure.Jobs;

namespace Platform.Orders;

/// <summary>
/// Reports orders that payments or worker should have finished by now. Runs in orders, which is up when those are not: a message that is
/// lost, parked or never consumed shows here whatever the cause.
/// </summary>
internal sealed partial class WatchOverdueOrders(
    NpgsqlDataSource database,
    DatabaseSchema schema,
    OrdersMetrics metrics,
    IOptions<OrdersOptions> options,
    JobRuns runs,
    TimeProvider time,
    ILogger<WatchOverdueOrders> logger
) : ScheduledJob("watch_overdue_orders", options.Value.OverdueInterval, schema, runs, time)
{
    // The last count reported by status; bounded by the two waiting states.
    private readonly Dictionary<OrderStatus, int> _said = [];

    protected override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var (pending, paid) = await connection.QuerySingleAsync<(int, int)>(
            new CommandDefinition(
                """
                SELECT count(*) FILTER (WHERE status = 'pending' AND created_at < now() - @pendingFor)::int,
                       count(*) FILTER (WHERE status = 'paid' AND decided_at < now() - @OverdueAfter)::int
                FROM orders WHERE status IN ('pending', 'paid')
                """,
                new { pendingFor = options.Value.PayWithin + options.Value.OverdueAfter, options.Value.OverdueAfter },
                cancellationToken: cancellationToken
            )
        );
        Report(OrderStatus.Pending, pending, "payments");
        Report(OrderStatus.Paid, paid, "worker");
    }

    /// <summary>An error at the start and whenever the count doubles: one ignored order must not hide a thousand.</summary>
    private void Report(OrderStatus status, int orders, string waitsFor)
    {
        metrics.Overdue(status, orders);
        var said = _said.GetValueOrDefault(status);
        if (orders > 0 && orders >= 2 * said)
        {
            LogOverdue(orders, status.ToText(), waitsFor);
            _said[status] = orders;
        }
        else if (orders == 0)
        {
            _said[status] = 0;
        }
    }

    [LoggerMessage(
        EventId = 2106,
        EventName = "order.overdue",
        Level = LogLevel.Error,
        Message = "{Orders} orders have been {Status} for too long: "
            + "see whether {Service} runs, its dead letters and the parked messages of orders"
    )]
    private partial void LogOverdue(int orders, string status, string service);
}
