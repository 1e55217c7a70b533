using System.Diagnostics;
using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Platform.AppHost;
using Platform.Bench;
using Platform.Tests.Support;
using RabbitMQ.Client;

namespace Platform.Soak;

/// <summary>One outage at a time, chosen by the seed, and repaired before the next.</summary>
internal sealed class Outages(DistributedApplication app, OutsideCompany acquirer, Shoppers shoppers, Random random)
{
    /// <summary>For one outage and its repair, including its own duration.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static readonly string[] Services = ["orders", "payments", "worker"];
    private static readonly string[] Queues =
    [
        "payments.order-placed",
        "orders.payment-captured",
        "orders.payment-declined",
        "worker.order-paid",
        "orders.order-fulfilled",
    ];

    private static readonly (string Database, string Table)[] Tables =
    [
        ("ordersdb", "orders"),
        ("paymentsdb", "payments"),
        ("workerdb", "fulfilments"),
    ];

    // Bounded by the kinds below.
    private readonly SortedDictionary<string, int> _happened = [];

    private enum Kind
    {
        Kill,
        Freeze,
        QueueDeleted,
        BrokerRestarted,
        DatabaseConnectionsClosed,
        DatabaseHeld,
        CompanyStalled,
    }

    /// <summary>Runs until the end; the current outage is repaired first.</summary>
    public async Task RunAsync(TimeSpan every, CancellationToken end, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(every);
        try
        {
            while (await timer.WaitForNextTickAsync(end))
            {
                var kind = random.GetItems(Enum.GetValues<Kind>(), 1)[0];
                var (which, lasts) = (random.Next(), TimeSpan.FromSeconds(random.Next(3, (int)every.TotalSeconds / 2)));
                var what = await BreakInTimeAsync(kind, which, lasts, cancellationToken);
                _happened[what] = _happened.GetValueOrDefault(what) + 1;
                Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {what} ({lasts.TotalSeconds:0} s)");
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over.
        }
    }

    public void Add(Report report)
    {
        report.Add("outages", $"{_happened.Values.Sum()}");
        foreach (var (what, count) in _happened)
        {
            report.Add($"  {what}", $"{count}");
        }
    }

    private async Task<string> BreakInTimeAsync(Kind kind, int which, TimeSpan lasts, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            return await BreakAsync(kind, which, lasts, limit.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{kind} was not over after {Limit.TotalMinutes} min.", exception);
        }
    }

    /// <returns>What it was.</returns>
    private async Task<string> BreakAsync(Kind kind, int which, TimeSpan lasts, CancellationToken cancellationToken)
    {
        switch (kind)
        {
            case Kind.Kill:
                var killed = Choose(which);
                await SignalAsync(killed, "KILL", cancellationToken);
                await app.ResourceNotifications.WaitForResourceAsync(
                    killed.Resource,
                    state =>
                        state.ResourceId == killed.ResourceId && KnownResourceStates.TerminalStates.Contains(state.Snapshot.State?.Text),
                    cancellationToken
                );
                await Task.Delay(lasts, cancellationToken);
                await CommandAsync(killed.ResourceId, KnownResourceCommands.StartCommand, cancellationToken);
                return $"an instance of {killed.Resource} killed";
            case Kind.Freeze:
                var frozen = Choose(which);
                await SignalAsync(frozen, "STOP", cancellationToken);
                await Task.Delay(lasts, cancellationToken);
                await SignalAsync(frozen, "CONT", cancellationToken);
                return $"an instance of {frozen.Resource} frozen";
            case Kind.QueueDeleted:
                await DeleteQueueAsync(Queues[which % Queues.Length], cancellationToken);
                return $"queue {Queues[which % Queues.Length]} deleted while nothing was under way";
            case Kind.BrokerRestarted:
                await CommandAsync("rabbitmq", KnownResourceCommands.RestartCommand, cancellationToken);
                return "rabbitmq restarted";
            case Kind.DatabaseConnectionsClosed:
                await ExecuteAsync(
                    "postgres",
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
                    """,
                    cancellationToken
                );
                return "all connections of postgres closed";
            case Kind.DatabaseHeld:
                var (database, table) = Tables[which % Tables.Length];
                await ExecuteAsync(
                    database,
                    $"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep({lasts.TotalSeconds:0}); COMMIT",
                    cancellationToken
                );
                return $"table {table} locked";
            default:
                await acquirer.BehaveAsync("timing-out", cancellationToken);
                await Task.Delay(lasts, cancellationToken);
                await acquirer.BehaveAsync("normal", cancellationToken);
                return "the acquirer stalled";
        }
    }

    private ServiceInstance Choose(int which)
    {
        var instances = Services.SelectMany(app.Services.GetRequiredService<InstanceDirectory>().Of).ToList();
        return instances[which % instances.Count];
    }

    private async Task CommandAsync(string resource, string command, CancellationToken cancellationToken)
    {
        var result = await app.ResourceCommands.ExecuteCommandAsync(resource, command, cancellationToken);
        if (!result.Success)
        {
            throw new InvalidOperationException($"{command} of {resource}: {result.Message}");
        }
    }

    private static async Task SignalAsync(ServiceInstance instance, string signal, CancellationToken cancellationToken)
    {
        using var kill = Process.Start("kill", [$"-{signal}", instance.ProcessId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(cancellationToken);
    }

    // Messages in it would be lost, which no client can repair and no service is blamed for here. The broker deletes no quorum queue on the
    // condition that it is empty.
    private async Task DeleteQueueAsync(string queue, CancellationToken cancellationToken)
    {
        using var hold = await shoppers.HoldAsync(cancellationToken);
        await using var orders = NpgsqlDataSource.Create((await app.GetConnectionStringAsync("ordersdb", cancellationToken))!);
        await Books.WaitUntilDecidedAsync(orders, cancellationToken);
        var factory = new ConnectionFactory { Uri = new Uri((await app.GetConnectionStringAsync("rabbitmq", cancellationToken))!) };
        await using var connection = await factory.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await channel.QueueDeleteAsync(queue, cancellationToken: cancellationToken);
    }

    private async Task ExecuteAsync(string database, string sql, CancellationToken cancellationToken)
    {
        var connectionString = new NpgsqlConnectionStringBuilder((await app.GetConnectionStringAsync(database, cancellationToken))!)
        {
            Pooling = false,
            CommandTimeout = 60,
        };
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
