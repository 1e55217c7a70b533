using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Platform.Infrastructure.Data;
using Platform.Messaging;
using Platform.ServiceDefaults;
using Platform.Shop.Tests.Support;

namespace Platform.Shop.Tests;

/// <summary>What keeps tables from growing, over a real database.</summary>
public sealed class RetentionTests(PostgresServer server) : IAsyncLifetime
{
    private readonly Lines _lines = new();
    private Database _database = null!;

    public async ValueTask InitializeAsync() => _database = await server.CreateDatabaseAsync(typeof(Outbox).Assembly);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Rows_OlderThanTheRule_GoInBatchesAndOneTableKeepsNoOtherFromIt()
    {
        await _database.ExecuteAsync(
            """
            INSERT INTO inbox (queue, message_id, received_at) SELECT 'q', n::text, now() - interval '8 days' FROM generate_series(1, 3) n;
            INSERT INTO outbox (id, exchange, routing_key, body, published_at)
                SELECT gen_random_uuid(), 'e', 'k', '', now() - n * interval '1 day' FROM generate_series(1, 30) n;
            INSERT INTO outbox (id, exchange, routing_key, body, created_at)
                VALUES (gen_random_uuid(), 'e', 'k', '', now() - interval '1 year');
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nobody foresaw this'; END $$;
            CREATE TRIGGER refuse BEFORE DELETE ON inbox FOR EACH ROW EXECUTE FUNCTION refuse();
            """
        );
        using var service = Create();
        await service.StartAsync(TestContext.Current.CancellationToken);

        await Eventually.TrueAsync(() => _lines.Count("retention.not_applied") > 0 && _lines.Count("job.failed") > 0, "the run failed");
        Assert.Equal("inbox", Assert.Single(_lines.All.Where(line => line.Event == "retention.not_applied").Select(TableOf).Distinct()));

        // Six days young, or never published.
        Assert.Equal(7L, await _database.QueryAsync<long>("SELECT count(*) FROM outbox"));
        await _database.ExecuteAsync("DROP TRIGGER refuse ON inbox");
        await Eventually.TrueAsync(
            () => _lines.All.Any(line => line.Message.EndsWith("deleted 3 rows of inbox", StringComparison.Ordinal)),
            "the next run"
        );
        Assert.Equal(0L, await _database.QueryAsync<long>("SELECT count(*) FROM inbox"));
        await service.StopAsync(TestContext.Current.CancellationToken);

        static string TableOf(Line line) => line.Message.Split(' ')[^1];
    }

    private IHost Create()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddProvider(_lines);
        builder.Services.AddMetrics();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new ServiceIdentity("orders", "1", "Test", "local"));
        builder.Services.AddSingleton(_database.Source);
        builder.Services.AddSingleton(_database.Schema);
        builder.Services.AddRetention("inbox", "received_at < now() - interval '7 days'");
        builder.Services.AddRetention("outbox", "published_at < now() - interval '7 days'");
        builder.Services.Configure<RetentionOptions>(options => (options.Interval, options.BatchSize) = (TimeSpan.FromSeconds(1), 10));
        return builder.Build();
    }
}
