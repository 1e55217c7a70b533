using System.Diagnostics;
using System.Text;
using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Platform.Messaging;
using Platform.ServiceDefaults.Data;
using Platform.ServiceDefaults.Telemetry;
using Platform.Tests.Support;
using RabbitMQ.Client;

namespace Platform.Tests;

/// <summary>The relay on real servers, with a database and queues of its own.</summary>
public sealed class OutboxRelayTests(PlatformFixture platform) : PlatformTest(platform)
{
    private sealed record Ping(string Text);

    /// <summary>Has a route and no queue: the broker returns it.</summary>
    private sealed record Lost(string Text);

    private static readonly ActivitySource Source = new(new ActivitySourceOptions("Platform.Tests.Relay"));

    private readonly string _name = $"relay_{Guid.NewGuid():N}";
    private readonly List<IHost> _hosts = [];
    private NpgsqlDataSource _database = null!;
    private string _broker = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var server = new NpgsqlConnectionStringBuilder(await Platform.DatabaseAsync("ordersdb", Cancellation)) { Database = "postgres", Pooling = false };
        await using (var admin = NpgsqlDataSource.Create(server))
        await using (var create = admin.CreateCommand($"CREATE DATABASE {_name}"))
        {
            await create.ExecuteNonQueryAsync(Cancellation);
        }

        _database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = _name, Pooling = true });
        _broker = await Platform.DatabaseAsync("rabbitmq", Cancellation);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var host in _hosts)
        {
            await host.StopAsync(CancellationToken.None);
            host.Dispose();
        }

        await _database.DisposeAsync();
        await using var connection = await new ConnectionFactory { Uri = new Uri(_broker) }.CreateConnectionAsync(CancellationToken.None);
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeleteAsync($"{_name}.ping");
        await channel.QueueDeleteAsync($"{_name}.ping.dead");
        await channel.ExchangeDeleteAsync(_name);
    }

    [Fact]
    public async Task Row_Committed_IsPublishedInItsOwnTraceWithItsId()
    {
        using var listener = Listen();
        var outbox = await StartAsync();

        Guid id;
        ActivityTraceId trace;
        using (var activity = Source.StartActivity("caller")!)
        {
            activity.SetBaggage("tenant.id", "acme");
            trace = activity.TraceId;
            id = await AddAsync(outbox, new Ping("hello"));
        }

        var message = await TakeAsync();
        Assert.Equal((id.ToString(), """{"text":"hello"}"""), (message.BasicProperties.MessageId, Encoding.UTF8.GetString(message.Body.Span)));
        Assert.Contains(trace.ToString(), Header(message, "traceparent"), StringComparison.Ordinal);
        Assert.Contains("acme", Header(message, "baggage"), StringComparison.Ordinal);
        await Eventually.BeTrueAsync(async () => await CountAsync("published_at IS NOT NULL") == 1, "the row is marked");
    }

    [Fact]
    public async Task Row_OfAnUnsampledTrace_CarriesTheDecisionOn()
    {
        using var listener = Listen(ActivitySamplingResult.PropagationData);
        var outbox = await StartAsync();

        using (Source.StartActivity("caller"))
        {
            await AddAsync(outbox, new Ping("quiet"));
        }

        Assert.EndsWith("-00", Header(await TakeAsync(), "traceparent"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Row_RolledBack_IsNeverPublished()
    {
        var outbox = await StartAsync();

        await using (var connection = await _database.OpenConnectionAsync(Cancellation))
        await using (await connection.BeginTransactionAsync(Cancellation))
        {
            await outbox.AddAsync(connection, new Ping("never"), Cancellation);
        }

        await AddAsync(outbox, new Ping("after"));
        Assert.Equal("""{"text":"after"}""", Encoding.UTF8.GetString((await TakeAsync()).Body.Span));
        Assert.Equal(1, await CountAsync("true"));
    }

    [Fact]
    public async Task Row_ThatTheBrokerReturns_IsParkedAndStopsNoOther()
    {
        var outbox = await StartAsync();

        await AddAsync(outbox, new Lost("nobody listens"));
        await AddAsync(outbox, new Ping("behind it"));

        Assert.Equal("""{"text":"behind it"}""", Encoding.UTF8.GetString((await TakeAsync()).Body.Span));
        await Eventually.BeTrueAsync(async () => await CountAsync("parked_at IS NOT NULL AND attempts = 2 AND routing_key = 'lost'") == 1, "the bad row is parked after its attempts");
        Assert.Equal(1, await CountAsync("published_at IS NOT NULL"));
    }

    [Fact]
    public async Task Rows_WithTwoRelays_ArePublishedOnce()
    {
        var outbox = await StartAsync();
        await StartAsync();

        for (var i = 0; i < 200; i++)
        {
            await AddAsync(outbox, new Ping($"{i}"));
        }

        await Eventually.BeTrueAsync(async () => await CountAsync("published_at IS NOT NULL") == 200, "all rows are published");
        var ids = new HashSet<string?>();
        for (var i = 0; i < 200; i++)
        {
            Assert.True(ids.Add((await TakeAsync()).BasicProperties.MessageId), "A message came twice.");
        }
    }

    [Fact]
    public async Task Pass_WithoutRows_MakesNoSpan()
    {
        var spans = new List<string>();
        using var listener = Listen(onStart: activity =>
        {
            lock (spans)
            {
                spans.Add(activity.DisplayName);
            }
        });
        var outbox = await StartAsync();

        // The relay polls every 50 ms here; by the time a row is marked, it has made many empty passes.
        await AddAsync(outbox, new Ping("the only one"));
        await Eventually.BeTrueAsync(async () => await CountAsync("published_at IS NOT NULL") == 1, "the row is published");

        lock (spans)
        {
            Assert.Equal([$"send {_name}"], spans);
        }
    }

    private async Task<Outbox> StartAsync()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:relaydb"] = _database.ConnectionString + $";Password={new NpgsqlConnectionStringBuilder(await Platform.DatabaseAsync("ordersdb", Cancellation)).Password}",
            ["ConnectionStrings:broker"] = _broker,
            ["Messaging:PollInterval"] = "00:00:00.050",
            ["Messaging:MaxPublishAttempts"] = "2",
        });
        builder.AddDatabase("relaydb", typeof(Outbox).Assembly);
        builder.AddMessaging("broker", new Topology(
            new Dictionary<Type, Route> { [typeof(Ping)] = new(_name, "ping"), [typeof(Lost)] = new(_name, "lost") },
            [new Queue($"{_name}.ping", new Route(_name, "ping"))]));
        builder.Services.AddMetrics();
        builder.Services.AddSingleton(new ServiceIdentity(_name, "1", "Test", "local"));
        var host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync(Cancellation);
        await host.Services.GetRequiredService<DatabaseSchema>().WaitUntilAppliedAsync(Cancellation);

        // Connected, and the topology declared.
        var health = host.Services.GetRequiredService<HealthCheckService>();
        await Eventually.BeTrueAsync(
            async () => (await health.CheckHealthAsync(check => check.Name == "rabbitmq", Cancellation)).Status == HealthStatus.Healthy, "the relay is connected");
        return host.Services.GetRequiredService<Outbox>();
    }

    private async Task<Guid> AddAsync<TMessage>(Outbox outbox, TMessage message)
        where TMessage : notnull
    {
        await using var connection = await _database.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var id = await outbox.AddAsync(connection, message, Cancellation);
        await transaction.CommitAsync(Cancellation);
        return id;
    }

    private async Task<BasicGetResult> TakeAsync()
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(_broker) }.CreateConnectionAsync(Cancellation);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        return (await Eventually.GetAsync(
            async () => await channel.BasicGetAsync($"{_name}.ping", autoAck: true, Cancellation), message => message is not null, "a message arrives"))!;
    }

    private async Task<long> CountAsync(string condition)
    {
        await using var connection = await _database.OpenConnectionAsync(Cancellation);
        return await connection.ExecuteScalarAsync<long>($"SELECT count(*) FROM outbox WHERE {condition}");
    }

    private static string Header(BasicGetResult message, string name) => Encoding.UTF8.GetString((byte[])message.BasicProperties.Headers![name]!);

    private static ActivityListener Listen(ActivitySamplingResult result = ActivitySamplingResult.AllDataAndRecorded, Action<Activity>? onStart = null)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Platform.Tests.Relay" or "Platform.Messaging" or "Npgsql",
            Sample = (ref _) => result,
            ActivityStarted = activity =>
            {
                if (onStart is not null && activity.Source.Name == "Platform.Messaging")
                {
                    onStart(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
