using System.Collections.Concurrent;
using CsCheck;
using Dapper;
using Microsoft.AspNetCore.Http;
using Npgsql;
using Platform.Messaging;
using Platform.Payments;
using Platform.Shop.Tests.Support;

namespace Platform.Shop.Tests;

/// <summary>
/// Random histories of payments - orders, redeliveries, webhooks, lost leases, lost connections, stops - with an acquirer that fails in all
/// of its ways, against a ledger that is the model of the money. A failure prints its history and CsCheck's seed; the variables
/// CsCheck_Seed and CsCheck_Iter repeat it and ask for more.
/// </summary>
public sealed class MoneyTests(PostgresServer server)
{
    private const int Histories = 20;

    /// <summary>What happens next in a history.</summary>
    private enum Happening
    {
        Order,
        OrderWithoutTime,
        Redelivery,
        Webhook,
        LeasesEnd,
        ConnectionsEnd,
        InstanceStops,
    }

    /// <summary>What the acquirer does with a call.</summary>
    private enum Answer
    {
        Honest,
        Declined,
        LostBefore,
        LostAfter,
        FailedBefore,
        FailedAfter,
        UnreadableAfter,
        TooMany,
        Unauthorized,
    }

    // Orders are what it is about, and honest answers what most calls get.
    private static readonly Gen<(Happening What, int Which)[]> Happenings = Gen.Select(
        Gen.Frequency((5, Gen.Const(Happening.Order)), (7, Gen.Enum<Happening>())),
        Gen.Int[0, 99]
    ).Array[5, 40];

    private static readonly Gen<Answer[]> Answers = Gen.Frequency((2, Gen.Const(Answer.Honest)), (3, Gen.Enum<Answer>())).Array[0, 80];

    [Fact]
    public Task Payments_WhateverHappens_EndAsTheLedgerSays() =>
        Gen.Select(Happenings, Answers)
            .SampleAsync(
                (happenings, answers) => LiveThroughAsync(happenings, answers),
                iter: Environment.GetEnvironmentVariable("CsCheck_Iter") is null ? Histories : -1,
                threads: 2,
                print: history => $"{string.Join(' ', history.Item1)} | {string.Join(' ', history.Item2)}"
            );

    private async Task LiveThroughAsync((Happening What, int Which)[] happenings, Answer[] answers)
    {
        await using var database = await server.CreateDatabaseAsync(typeof(Outbox).Assembly, typeof(Payment).Assembly);
        var ledger = new Ledger(answers);
        await using var acquirer = await FakeCompany.StartAsync(ledger.AnswerAsync);
        var instances = new[] { await StartAsync(), await StartAsync() };
        var orders = new List<Contracts.OrderPlaced>();
        try
        {
            foreach (var (what, which) in happenings)
            {
                await HappenAsync(what, which);
            }

            // What failed does so no more: everything is decided now, without anybody's help but for leases that need not be waited for.
            ledger.BeHonest();
            await EndLeasesAsync();
            await Eventually.GetAsync(
                () =>
                    TryAsync(() =>
                        database.QueryAsync<long>("SELECT count(*) FROM payments WHERE status IN ('due', 'void_due', 'refund_due')")
                    ),
                undecided => undecided == 0,
                "every payment is decided"
            );
        }
        finally
        {
            foreach (var instance in instances)
            {
                await instance.DisposeAsync();
            }
        }

        await MustBalanceAsync(database, ledger, orders);

        async Task HappenAsync(Happening what, int which)
        {
            switch (what)
            {
                case Happening.Order or Happening.OrderWithoutTime:
                    var payWithin = what == Happening.Order ? TimeSpan.FromMinutes(2) : TimeSpan.FromMilliseconds(which);
                    orders.Add(PaymentsService.Order(payWithin, amountMinor: 100 + orders.Count));
                    await DeliverAsync(orders[^1]);
                    break;
                case Happening.Redelivery when orders.Count > 0:
                    await DeliverAsync(orders[which % orders.Count]);
                    break;
                case Happening.Webhook when ledger.Captured is { Count: > 0 } captured:
                    var key = captured[which % captured.Count];
                    await TryAsync(async () =>
                    {
                        await SignedWebhook.ReceiveAsync(database.Source, instances[0].Signal, TimeProvider.System, $"evt_{key}", key);
                        return 0;
                    });
                    break;
                case Happening.LeasesEnd:
                    await EndLeasesAsync();
                    break;
                case Happening.ConnectionsEnd:
                    await TryAsync(() =>
                        database.QueryAsync<long>(
                            """
                            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                            WHERE datname = current_database() AND pid <> pg_backend_pid()
                            """
                        )
                    );
                    break;
                case Happening.InstanceStops:
                    await instances[which % 2].DisposeAsync();
                    instances[which % 2] = await StartAsync();
                    break;
            }
        }

        Task<PaymentsService> StartAsync() =>
            PaymentsService.StartAsync(
                database,
                acquirer.Address,
                callLimit: AcquirerClient.Timeout,
                shutdownLimit: TimeSpan.FromSeconds(3)
            );

        // Until it is committed, as the broker does.
        Task DeliverAsync(Contracts.OrderPlaced order) =>
            TryAsync(async () =>
            {
                await using var connection = await database.Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
                await new OrderPlacedHandler().HandleAsync(order, connection, TestContext.Current.CancellationToken);
                instances[0].Signal.Notify();
                return 0;
            });

        // A frozen instance: it goes on as if it had them, beside the one that takes over.
        Task EndLeasesAsync() =>
            TryAsync(() =>
                database.ExecuteAsync("UPDATE payments SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL")
            );
    }

    /// <summary>Connections that were ended are noticed by who uses them next.</summary>
    private static async Task<T> TryAsync<T>(Func<Task<T>> action)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await action();
            }
            catch (NpgsqlException) when (attempt < 20)
            {
                // Another connection of the pool.
            }
        }
    }

    private static async Task MustBalanceAsync(Database database, Ledger ledger, List<Contracts.OrderPlaced> orders)
    {
        database.Source.Clear();
        await using var connection = await database.Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var payments = (
            await connection.QueryAsync<(Guid Id, Guid Order, long Amount, string Status, DateTime PayBy, bool Parked)>(
                "SELECT id, order_id, amount_minor, status, pay_by, parked_at IS NOT NULL FROM payments"
            )
        ).AsList();
        var told = (
            await connection.QueryAsync<(Guid Order, string Key)>(
                "SELECT (convert_from(body, 'UTF8')::json ->> 'orderId')::uuid, routing_key FROM outbox"
            )
        ).AsList();

        // Every order has one payment, and its outcome was told once.
        Assert.Equal(orders.Select(order => order.OrderId).Order(), payments.Select(payment => payment.Order).Order());
        Assert.Equal(
            payments
                .Select(payment => (payment.Order, payment.Status == PaymentSteps.Captured ? "payment.captured" : "payment.declined"))
                .Order(),
            told.Order()
        );
        Assert.DoesNotContain(payments, payment => payment.Parked);

        // What the acquirer keeps is what was paid, once each, and nothing was charged when the time to pay was over.
        Assert.Equal(
            payments.Where(payment => payment.Status == PaymentSteps.Captured).Select(payment => (payment.Id, payment.Amount)).Order(),
            ledger.Standing.Order()
        );
        Assert.All(
            ledger.Charges,
            charge =>
                Assert.True(
                    charge.At < new DateTimeOffset(payments.Single(payment => payment.Id == charge.Key).PayBy) + AcquirerClient.Timeout,
                    $"{charge.Key} was charged after its time to pay."
                )
        );
    }

    /// <summary>An acquirer whose decisions hold whatever becomes of its answers.</summary>
    private sealed class Ledger(IEnumerable<Answer> answers)
    {
        private readonly Lock _gate = new();
        private readonly ConcurrentQueue<Answer> _answers = new(answers);
        private readonly Dictionary<Guid, (string Status, long Amount)> _entries = [];
        private readonly List<(Guid Key, DateTimeOffset At)> _charges = [];

        public IReadOnlyList<(Guid Key, DateTimeOffset At)> Charges => Read(() => _charges.ToList());

        public IReadOnlyList<Guid> Captured => Read(() => _charges.Select(charge => charge.Key).ToList());

        public IReadOnlyList<(Guid Key, long Amount)> Standing =>
            Read(() => _entries.Where(entry => entry.Value.Status == "captured").Select(entry => (entry.Key, entry.Value.Amount)).ToList());

        public void BeHonest() => _answers.Clear();

        public async Task AnswerAsync(HttpContext context, CompanyRequest request)
        {
            var arrived = DateTimeOffset.UtcNow;
            var answer = _answers.TryDequeue(out var next) ? next : Answer.Honest;
            switch (answer)
            {
                case Answer.LostBefore:
                    context.Abort();
                    return;
                case Answer.FailedBefore:
                    context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                    return;
                case Answer.TooMany:
                    context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
                    return;
                case Answer.Unauthorized:
                    context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                    return;
            }

            var (code, status) = Decide(request, arrived, declines: answer == Answer.Declined);
            switch (answer)
            {
                case Answer.LostAfter:
                    context.Abort();
                    return;
                case Answer.FailedAfter:
                    context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                    return;
                case Answer.UnreadableAfter:
                    await context.Response.WriteAsync("<html>", context.RequestAborted);
                    return;
            }

            context.Response.StatusCode = code;
            await context.Response.WriteAsJsonAsync(new { id = "ch_1", status }, context.RequestAborted);
        }

        /// <summary>As the acquirer documents it: a key is decided once, and one that was voided is never charged.</summary>
        private (int Code, string Status) Decide(CompanyRequest request, DateTimeOffset arrived, bool declines)
        {
            lock (_gate)
            {
                var parts = request.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
                var key = Guid.Parse(parts.Length > 2 ? parts[2] : request.Key!);
                var known = _entries.TryGetValue(key, out var entry);
                if (request.Method == HttpMethods.Get)
                {
                    return known ? (StatusCodes.Status200OK, entry.Status) : (StatusCodes.Status404NotFound, "unknown");
                }

                if (parts.Length > 3)
                {
                    _entries[key] = ("voided", entry.Amount);
                    return (StatusCodes.Status200OK, "voided");
                }

                if (!known)
                {
                    var amount = System.Text.Json.JsonDocument.Parse(request.Body).RootElement.GetProperty("amount").GetInt64();
                    _entries[key] = entry = (declines ? "declined" : "captured", amount);
                    if (!declines)
                    {
                        _charges.Add((key, arrived));
                    }
                }

                return entry.Status switch
                {
                    "voided" => (StatusCodes.Status409Conflict, entry.Status),
                    "declined" => (StatusCodes.Status402PaymentRequired, entry.Status),
                    _ => (StatusCodes.Status201Created, entry.Status),
                };
            }
        }

        private T Read<T>(Func<T> read)
        {
            lock (_gate)
            {
                return read();
            }
        }
    }
}
