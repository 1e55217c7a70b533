using System.Diagnostics;
using System.Text;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Platform.Messaging;
using Platform.Tests.Support;
using RabbitMQ.Client;

namespace Platform.Tests;

/// <summary>The relay on real servers, with a database and queues of its own.</summary>
public sealed class OutboxRelayTests(PlatformFixture platform) : MessagingTest(platform)
{
    private static readonly ActivitySource Source = new(new ActivitySourceOptions("Platform.Tests.Relay"));

    [Fact]
    public async Task Row_Committed_IsPublishedInItsOwnTraceWithItsId()
    {
        using var listener = Listen();
        var host = await StartAsync();

        Guid id;
        ActivityTraceId trace;
        using (var activity = Source.StartActivity("caller")!)
        {
            activity.SetBaggage("tenant.id", "acme");
            trace = activity.TraceId;
            id = await AddAsync(host, new Ping("hello"));
        }

        var message = await TakeAsync();
        Assert.Equal(
            (id.ToString(), """{"text":"hello"}"""),
            (message.BasicProperties.MessageId, Encoding.UTF8.GetString(message.Body.Span))
        );
        Assert.Contains(trace.ToString(), Header(message, "traceparent"), StringComparison.Ordinal);
        Assert.Contains("acme", Header(message, "baggage"), StringComparison.Ordinal);
        await Eventually.TrueAsync(async () => await CountAsync("published_at IS NOT NULL") == 1, "the row is marked");
    }

    [Fact]
    public async Task Row_OfAnUnsampledTrace_CarriesTheDecisionOn()
    {
        using var listener = Listen(ActivitySamplingResult.PropagationData);
        var host = await StartAsync();

        using (Source.StartActivity("caller"))
        {
            await AddAsync(host, new Ping("quiet"));
        }

        Assert.EndsWith("-00", Header(await TakeAsync(), "traceparent"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Row_RolledBack_IsNeverPublished()
    {
        var host = await StartAsync();

        await using (var connection = await Services.Database.OpenConnectionAsync(Cancellation))
        await using (await connection.BeginTransactionAsync(Cancellation))
        {
            await host.Services.GetRequiredService<Outbox>().AddAsync(connection, new Ping("never"), Cancellation);
        }

        await AddAsync(host, new Ping("after"));
        Assert.Equal("""{"text":"after"}""", Encoding.UTF8.GetString((await TakeAsync()).Body.Span));
        Assert.Equal(1, await CountAsync("true"));
    }

    [Fact]
    public async Task Row_ThatTheBrokerReturns_IsParkedAndStopsNoOther()
    {
        var host = await StartAsync();

        await AddAsync(host, new Lost("nobody listens"));
        await AddAsync(host, new Ping("behind it"));

        Assert.Equal("""{"text":"behind it"}""", Encoding.UTF8.GetString((await TakeAsync()).Body.Span));
        await Eventually.TrueAsync(
            async () => await CountAsync("parked_at IS NOT NULL AND attempts = 2 AND routing_key = 'lost'") == 1,
            "the bad row is parked after its attempts"
        );
        Assert.Equal(1, await CountAsync("published_at IS NOT NULL"));
        await Eventually.TrueAsync(() => Task.FromResult(Services.Log.Any(line => line.Level == LogLevel.Error)), "it is said");
        var error = Assert.Single(Services.Log, line => line.Level == LogLevel.Error);
        Assert.Contains(
            "(lost) was refused 2 times and is parked: mend why, then send dead letters again",
            error.Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Row_Parked_IsShownWithTheDeadLettersAndSentAgain()
    {
        var host = await StartAsync();
        var id = await AddAsync(host, new Lost("nobody listens yet"));
        await Eventually.TrueAsync(async () => await CountAsync("parked_at IS NOT NULL") == 1, "the row is parked");
        var letters = host.Services.GetRequiredService<DeadLetters>();

        var letter = Assert.Single(await letters.ListAsync(Cancellation));
        Assert.Equal((Services.Name, id.ToString(), "lost", "parked"), (letter.Queue, letter.MessageId, letter.RoutingKey, letter.Reason));

        // The cause is mended: somebody listens.
        await Services.UseChannelAsync(channel => channel.QueueBindAsync(Services.QueueName, Services.Name, "lost"), Cancellation);
        Assert.Equal(1, await letters.SendAgainAsync(Cancellation));

        Assert.Equal(id.ToString(), (await TakeAsync()).BasicProperties.MessageId);
        Assert.Empty(await letters.ListAsync(Cancellation));
    }

    /// <summary>Each wait doubles, so that a full queue has time to empty.</summary>
    [Fact]
    public async Task Row_Refused_WaitsLongerEachTime()
    {
        var host = await StartAsync(("Messaging:MaxPublishAttempts", "4"), ("Messaging:Backoff", "00:00:00.200"));
        var started = Stopwatch.GetTimestamp();

        await AddAsync(host, new Lost("nobody listens"));

        await Eventually.TrueAsync(async () => await CountAsync("parked_at IS NOT NULL") == 1, "the row is parked");
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromSeconds(0.2 + 0.4 + 0.8), "It was parked too early.");
    }

    [Theory]
    [InlineData("queue")]
    [InlineData("exchange")]
    public async Task Row_WhoseDestinationWasDeleted_IsPublishedWithinSeconds(string deleted)
    {
        var host = await StartAsync(("Messaging:MaxPublishAttempts", "12"));
        await AddAsync(host, new Ping("before"));
        await TakeAsync();
        await Services.UseChannelAsync(
            channel => deleted == "queue" ? channel.QueueDeleteAsync(Services.QueueName) : channel.ExchangeDeleteAsync(Services.Name),
            Cancellation
        );

        await AddAsync(host, new Ping("after"));

        await Eventually.TrueAsync(async () => await CountAsync("published_at IS NOT NULL") == 2, "the row is published");
        Assert.Equal("""{"text":"after"}""", Encoding.UTF8.GetString((await TakeAsync()).Body.Span));
        Assert.InRange(Services.Log.Count(line => line.Text.Contains("Publishing is paused", StringComparison.Ordinal)), 0, 1);
        Assert.DoesNotContain(Services.Log, line => line.Level == LogLevel.Error);
    }

    /// <summary>The broker closes the channel over it, and takes every row of the same pass with it.</summary>
    [Fact]
    public async Task Row_WhoseExchangeIsNowhere_IsParkedAndStopsNoOther()
    {
        var host = await StartAsync(("Messaging:MaxPublishAttempts", "2"), ("Messaging:Backoff", "00:00:00.200"));
        await using (var connection = await Services.Database.OpenConnectionAsync(Cancellation))
        {
            // The oldest of all.
            await connection.ExecuteAsync(
                """
                INSERT INTO outbox (id, exchange, routing_key, body)
                VALUES ('00000000-0000-7000-8000-000000000001', 'nowhere', 'ping', '{}')
                """
            );
        }

        await AddAsync(host, new Ping("behind it"));

        Assert.Equal("""{"text":"behind it"}""", Encoding.UTF8.GetString((await TakeAsync()).Body.Span));
        await Eventually.TrueAsync(
            async () => await CountAsync("parked_at IS NOT NULL AND exchange = 'nowhere'") == 1,
            "the row is parked"
        );
        await Eventually.TrueAsync(async () => await CountAsync("published_at IS NOT NULL") == 1, "the other is published");
        await AddAsync(host, new Ping("and later"));
        Assert.Equal("""{"text":"and later"}""", Encoding.UTF8.GetString((await TakeAsync()).Body.Span));
    }

    /// <summary>As after a failover, when the pool still leads to what has become the standby.</summary>
    [Fact]
    public async Task Database_ReadOnlyForAWhile_PausesTheRelayAndEndsNothing()
    {
        var host = await StartAsync();
        await AddAsync(host, new Ping("before"));
        await TakeAsync();

        await SetReadOnlyAsync("on");
        await Eventually.TrueAsync(
            () => Task.FromResult(Services.Log.Any(line => line.Text.Contains("Publishing is paused", StringComparison.Ordinal))),
            "it is said"
        );
        await SetReadOnlyAsync("off");
        await AddAsync(host, new Ping("after"));

        Assert.Equal("""{"text":"after"}""", Encoding.UTF8.GetString((await TakeAsync()).Body.Span));

        async Task SetReadOnlyAsync(string value)
        {
            Services.Database.Clear();
            await using var connection = await Services.Database.OpenConnectionAsync(Cancellation);
            await connection.ExecuteAsync("SET default_transaction_read_only = off");
            await connection.ExecuteAsync($"ALTER DATABASE {Services.Name} SET default_transaction_read_only = {value}");
            await connection.ExecuteAsync(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            );
            Services.Database.Clear();
        }
    }

    /// <summary>The broker stops answering in the middle of a batch: what it had confirmed is not published again.</summary>
    [Fact]
    public async Task Rows_ConfirmedBeforeTheBrokerFellSilent_AreMarked()
    {
        const int Rows = 50;
        await using var proxy = new AmqpProxy(Services.Broker.Host, Services.Broker.Port);
        var host = await Services.StartAsync(
            Cancellation,
            broker: new UriBuilder(Services.Broker) { Host = "127.0.0.1", Port = proxy.Port }.Uri,
            settings: [("Messaging:ConfirmTimeout", "00:00:10"), ("Messaging:PollInterval", "00:00:05")]
        );
        await MessagingHost.ConnectedAsync(host, Cancellation);

        // The rows are so large that one confirm is not of all.
        proxy.SilentAfterNextConfirm();
        await using (var connection = await Services.Database.OpenConnectionAsync(Cancellation))
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            for (var row = 0; row < Rows; row++)
            {
                await host.Services.GetRequiredService<Outbox>().AddAsync(connection, new Ping(new string('x', 100_000)), Cancellation);
            }

            await transaction.CommitAsync(Cancellation);
        }

        await Eventually.TrueAsync(
            async () => await CountAsync("published_at IS NOT NULL") > 0,
            "confirmed rows are marked",
            TimeSpan.FromSeconds(60)
        );
        Assert.InRange(await CountAsync("published_at IS NOT NULL"), 1, Rows - 1);
        proxy.Speak();

        await Eventually.TrueAsync(
            async () => await CountAsync("published_at IS NOT NULL") == Rows,
            "all are published",
            TimeSpan.FromSeconds(60)
        );
    }

    /// <summary>
    /// A relay that stands still after it has taken rows holds no lock, and another takes them when the lease has run out.
    /// </summary>
    [Fact]
    public async Task Rows_TakenByARelayThatStandsStill_AreTakenOver()
    {
        var host = await StartAsync(("Messaging:ConfirmTimeout", "00:00:01"));
        await using (var connection = await Services.Database.OpenConnectionAsync(Cancellation))
        {
            await connection.ExecuteAsync(
                """
                INSERT INTO outbox (id, exchange, routing_key, body, next_attempt_at)
                VALUES (gen_random_uuid(), @Name, 'ping', '{"text":"taken"}', now() + interval '2 s')
                """,
                new { Services.Name }
            );
        }

        Assert.Equal("""{"text":"taken"}""", Encoding.UTF8.GetString((await TakeAsync()).Body.Span));
        await Eventually.TrueAsync(async () => await CountAsync("published_at IS NOT NULL") == 1, "the row is marked");
        GC.KeepAlive(host);
    }

    [Fact]
    public async Task Queue_WithOtherArguments_IsAnErrorThatNamesIt()
    {
        await Services.UseChannelAsync(
            channel => channel.QueueDeclareAsync(Services.QueueName, durable: true, exclusive: false, autoDelete: false),
            Cancellation
        );

        var host = await Services.StartAsync(Cancellation);

        var error = await Eventually.GetAsync(
            () => Task.FromResult(Services.Log.FirstOrDefault(line => line.Level == LogLevel.Error).Text),
            text => text is not null,
            "it is said"
        );
        Assert.Contains("exists with other arguments than this service declares", error, StringComparison.Ordinal);
        Assert.Contains(Services.QueueName, error, StringComparison.Ordinal);
        var health = await MessagingHost.HealthAsync(host, Cancellation);
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains("other arguments", health.Description, StringComparison.Ordinal);

        // Mended by a person, it goes on by itself.
        await Services.UseChannelAsync(channel => channel.QueueDeleteAsync(Services.QueueName), Cancellation);
        await MessagingHost.ConnectedAsync(host, Cancellation);
        Assert.Single(Services.Log, line => line.Level == LogLevel.Error);
    }

    [Fact]
    public async Task Login_Refused_IsAnErrorThatSaysSo()
    {
        await Services.StartAsync(Cancellation, broker: new UriBuilder(Services.Broker) { Password = "wrong" }.Uri);

        var error = await Eventually.GetAsync(
            () => Task.FromResult(Services.Log.FirstOrDefault(line => line.Level == LogLevel.Error).Text),
            text => text is not null,
            "it is said"
        );
        Assert.Contains("RabbitMQ refuses the login", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_WithTwoRelays_ArePublishedOnce()
    {
        var host = await StartAsync();
        await StartAsync();

        for (var i = 0; i < 200; i++)
        {
            await AddAsync(host, new Ping($"{i}"));
        }

        await Eventually.TrueAsync(async () => await CountAsync("published_at IS NOT NULL") == 200, "all rows are published");
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
        var host = await StartAsync();

        // The relay polls every 50 ms here; by the time a row is marked, it has made many empty passes.
        await AddAsync(host, new Ping("the only one"));
        await Eventually.TrueAsync(async () => await CountAsync("published_at IS NOT NULL") == 1, "the row is published");

        lock (spans)
        {
            Assert.Equal([$"send {Services.Name}"], spans);
        }
    }

    private async Task<IHost> StartAsync(params (string Name, string Value)[] settings)
    {
        var host = await Services.StartAsync(Cancellation, settings: settings);
        await MessagingHost.ConnectedAsync(host, Cancellation);
        return host;
    }

    private Task<Guid> AddAsync<TMessage>(IHost host, TMessage message)
        where TMessage : notnull => Services.AddAsync(host, message, Cancellation);

    private async Task<BasicGetResult> TakeAsync()
    {
        BasicGetResult? taken = null;
        await Services.UseChannelAsync(
            async channel =>
                taken = await Eventually.GetAsync(
                    async () => await channel.BasicGetAsync(Services.QueueName, autoAck: true, Cancellation),
                    message => message is not null,
                    "a message arrives"
                ),
            Cancellation
        );
        return taken!;
    }

    private Task<long> CountAsync(string condition) => Services.CountAsync(condition, Cancellation);

    private static string Header(BasicGetResult message, string name) =>
        Encoding.UTF8.GetString((byte[])message.BasicProperties.Headers![name]!);

    private static ActivityListener Listen(
        ActivitySamplingResult result = ActivitySamplingResult.AllDataAndRecorded,
        Action<Activity>? onStart = null
    )
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
