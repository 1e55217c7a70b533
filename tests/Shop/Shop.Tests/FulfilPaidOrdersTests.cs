using Dapper;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Platform.Contracts;
using Platform.Infrastructure.Jobs;
using Platform.Messaging;
using Platform.Shop.Tests.Support;
using Platform.Worker;

namespace Platform.Shop.Tests;

/// <summary>A paid order is fulfilled, whatever becomes of its note.</summary>
public sealed class FulfilPaidOrdersTests(PostgresServer server) : IAsyncLifetime
{
    private readonly Lines _lines = new();
    private Database _database = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _database = await server.CreateDatabaseAsync(typeof(Outbox).Assembly, typeof(Fulfilment).Assembly);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Theory]
    [InlineData(200, "not JSON")]
    [InlineData(200, """{"choices":[{"index":0,"message":{"role":"assistant","content":"a\u0000b"},"finish_reason":"stop"}]}""")]
    [InlineData(500, "")]
    public async Task Order_WithoutANote_IsFulfilledAfterTheAttempts(int status, string answer)
    {
        await using var company = await FakeCompany.StartAsync(
            (context, _) =>
            {
                context.Response.StatusCode = status;
                return context.Response.WriteAsync(answer, context.RequestAborted);
            }
        );
        using var service = await StartAsync(company.Address);

        await AddAsync();

        await WaitForAsync("SELECT done_at IS NOT NULL AND fraud_note IS NULL FROM fulfilments", "the order is fulfilled");
        await Eventually.TrueAsync(() => _lines.Count("receipt.sent") == 1, "it is logged");
        Assert.Equal((3, 3), (company.Requests.Count, _lines.Count("fraud_note.missing")));
        Assert.Equal(
            (1L, 1L),
            (
                await _database.QueryAsync<long>("SELECT count(*) FROM receipts"),
                await _database.QueryAsync<long>("SELECT count(*) FROM outbox")
            )
        );
        Assert.DoesNotContain(_lines.All, line => line.Level == LogLevel.Error);
        await service.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Order_WhoseLeaseIsLost_IsNotSaidToBeFulfilled()
    {
        await using var company = await FakeCompany.StartAsync(
            async (context, _) =>
            {
                await _database.ExecuteAsync(
                    "UPDATE fulfilments SET lease_id = gen_random_uuid(), lease_until = now() + interval '1 hour'"
                );
                await context.Response.WriteAsync(
                    """{"choices":[{"index":0,"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}]}""",
                    context.RequestAborted
                );
            }
        );
        using var service = await StartAsync(company.Address);

        await AddAsync();

        await Eventually.TrueAsync(() => company.Requests.Count == 1, "the company is asked");
        await service.StopAsync(Cancellation);
        Assert.Equal(0, _lines.Count("receipt.sent"));
        Assert.Equal(0L, await _database.QueryAsync<long>("SELECT count(*) FROM outbox"));
    }

    [Fact]
    public async Task Order_ThatAlwaysFails_IsParkedAndCanBeSentAgain()
    {
        await using var company = await FakeCompany.StartAsync((context, _) => context.Response.WriteAsync("{}", context.RequestAborted));
        await _database.ExecuteAsync("ALTER TABLE receipts ADD CONSTRAINT refuse CHECK (content = '')");
        await _database.NoteFailuresAsync("fulfilments");
        using var service = await StartAsync(company.Address);
        await AddAsync();
        await WaitForAsync(
            "SELECT wait = interval '1 second' AND NOT leased AND NOT parked FROM noted_failures WHERE failures = 1",
            "the failure is counted"
        );
        Assert.DoesNotContain(_lines.All, line => line.Level == LogLevel.Error);

        await _database.ExecuteAsync($"UPDATE fulfilments SET failures = {DueWork<Fulfilment>.MaxFailures - 1}, next_attempt_at = now()");
        await Eventually.TrueAsync(() => _lines.Count("work.parked") == 1, "it is parked");
        await _database.ExecuteAsync("ALTER TABLE receipts DROP CONSTRAINT refuse");
        var table = service.Services.GetRequiredService<IParkedWork>().Table;
        Assert.Single(await table.ParkedAsync(10, Cancellation));
        Assert.Equal(1, await table.UnparkAsync(Cancellation));

        await WaitForAsync("SELECT done_at IS NOT NULL FROM fulfilments", "the order is fulfilled");
        Assert.Equal(1, _lines.All.Count(line => line.Level == LogLevel.Error));
        await service.StopAsync(Cancellation);
    }

    [Fact]
    public void BackoffAfter_ManyAttempts_GrowsToAMinute()
    {
        var options = new WorkerOptions { Backoff = TimeSpan.FromSeconds(20) };

        Assert.Equal([20, 40, 60, 60], new[] { 1, 2, 3, 1000 }.Select(attempts => options.BackoffAfter(attempts).TotalSeconds));
    }

    private async Task<IHost> StartAsync(Uri company)
    {
        var service = FakeCompany.CreateService<FraudNotes>(
            company,
            FraudNotes.Timeout,
            services =>
            {
                services.AddLogging(logging => logging.AddProvider(_lines));
                services.AddMetrics();
                services.Configure<WorkerOptions>(options => (options.LlmApiKey, options.Backoff) = ("key", TimeSpan.FromMilliseconds(10)));
                services.AddSingleton(TimeProvider.System);
                services.AddSingleton(_database.Source);
                services.AddSingleton(_database.Schema);
                services.AddSingleton(ShopTopology.Instance);
                services.AddSingleton<Outbox>();
                services.AddWakeSignal<OutboxSignal>();
                services.AddWakeSignal<FulfilmentSignal>();
                services.AddSingleton<WorkerMetrics>();
                services.AddDueWork<FulfilPaidOrders>();
            }
        );
        await service.StartAsync(Cancellation);
        return service;
    }

    private async Task AddAsync()
    {
        await using var connection = await _database.Source.OpenConnectionAsync(Cancellation);
        await connection.ExecuteAsync(
            """
            INSERT INTO fulfilments (order_id, total_minor, currency, items, card_network, card_last4)
            VALUES (@id, 1299, 'EUR', 1, 'visa', '4242')
            """,
            new { id = Guid.NewGuid() }
        );
    }

    private Task<bool> WaitForAsync(string sql, string what) =>
        Eventually.GetAsync(() => _database.QueryAsync<bool>(sql), static fulfilled => fulfilled, what);
}
