using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Platform.Faults;
using Platform.Messaging;
using Platform.Tests.Support;
using RabbitMQ.Client;

namespace Platform.Tests;

/// <summary>A consumer on real servers, with a database and queues of its own.</summary>
public sealed class MessageConsumerTests(PlatformFixture platform) : MessagingTest(platform)
{
    private readonly ConcurrentQueue<string> _handled = [];

    [Theory]
    [InlineData("queue")]
    [InlineData("exchange")]
    [InlineData("dead")]
    public async Task Destination_DeletedUnderTheConsumer_ComesBackWithinSecondsAndWithOneLine(string deleted)
    {
        var host = await StartAsync(HandleAsync);
        await Services.AddAsync(host, new Ping("before"), Cancellation);
        await HandledAsync("before");
        await Services.UseChannelAsync(
            channel =>
                deleted switch
                {
                    "queue" => channel.QueueDeleteAsync(Services.QueueName),
                    "exchange" => channel.ExchangeDeleteAsync(Services.Name),
                    _ => channel.QueueDeleteAsync($"{Services.QueueName}.dead"),
                },
            Cancellation
        );

        await Services.AddAsync(host, new Ping("poison"), Cancellation);
        await Services.AddAsync(host, new Ping("after"), Cancellation);

        await HandledAsync("after");
        var letters = host.Services.GetRequiredService<DeadLetters>();
        await Eventually.GetAsync(() => letters.ListAsync(Cancellation), list => list.Count == 1, "the poison is a dead letter");
        await MessagingHost.ConnectedAsync(host, Cancellation);

        // The consumer's own line; a health check quotes what is not consumed yet.
        var lines = Services
            .Log.Where(line => line.Text.Contains($"{Services.QueueName} is not consumed", StringComparison.Ordinal))
            .ToList();
        Assert.True(lines.Count <= 1, string.Join('\n', lines));

        Task HandleAsync(Ping message)
        {
            _handled.Enqueue(message.Text);
            return message.Text == "poison" ? throw new PoisonMessageException("It can never be handled.") : Task.CompletedTask;
        }
    }

    /// <summary>
    /// The message cannot be settled then: the consumer starts over, says what a person must see to, and heals by itself afterwards.
    /// </summary>
    [Fact]
    public async Task DeadLetterQueue_WithOtherArguments_IsSaidAndHealsOnceItIsGone()
    {
        var host = await StartAsync(HandleAsync);
        var dead = $"{Services.QueueName}.dead";
        await Services.AddAsync(host, new Ping("before"), Cancellation);
        await HandledAsync("before");
        await Services.UseChannelAsync(
            async channel =>
            {
                await channel.QueueDeleteAsync(dead);
                await channel.QueueDeclareAsync(dead, durable: true, exclusive: false, autoDelete: false);
            },
            Cancellation
        );

        await Services.AddAsync(host, new Ping("poison"), Cancellation);
        await Eventually.TrueAsync(
            () =>
                Task.FromResult(
                    Services.Log.Any(line =>
                        line.Level == LogLevel.Error && line.Text.Contains("exists with other arguments", StringComparison.Ordinal)
                    )
                ),
            "it is said"
        );
        await Services.UseChannelAsync(channel => channel.QueueDeleteAsync(dead), Cancellation);
        await Services.AddAsync(host, new Ping("after"), Cancellation);

        await HandledAsync("after");
        var letters = host.Services.GetRequiredService<DeadLetters>();
        await Eventually.GetAsync(() => letters.ListAsync(Cancellation), list => list.Count == 1, "the poison is a dead letter");
        await MessagingHost.ConnectedAsync(host, Cancellation);

        Task HandleAsync(Ping message)
        {
            _handled.Enqueue(message.Text);
            return message.Text == "poison" ? throw new PoisonMessageException("It can never be handled.") : Task.CompletedTask;
        }
    }

    /// <summary>As an older version may have left them: the letters must come out before the queue is deleted.</summary>
    [Fact]
    public async Task DeadLetters_InAQueueWithOtherArguments_CanBeSentAgain()
    {
        var (dead, id) = ($"{Services.QueueName}.dead", Guid.CreateVersion7());
        await Services.UseChannelAsync(
            async channel =>
            {
                await channel.QueueDeclareAsync(dead, durable: true, exclusive: false, autoDelete: false);
                await channel.BasicPublishAsync(
                    "",
                    dead,
                    mandatory: true,
                    new BasicProperties { MessageId = id.ToString() },
                    """{"text":"from before"}"""u8.ToArray()
                );
            },
            Cancellation
        );
        var host = await Services.StartAsync(
            Cancellation,
            (message, _) =>
            {
                _handled.Enqueue(message.Text);
                return Task.CompletedTask;
            }
        );
        var letters = host.Services.GetRequiredService<DeadLetters>();

        await Eventually.GetAsync(
            () => letters.ListAsync(Cancellation),
            list => list.SingleOrDefault()?.MessageId == id.ToString(),
            "it is listed"
        );
        Assert.Equal(1, await letters.SendAgainAsync(Cancellation));

        Assert.Empty(await letters.ListAsync(Cancellation));
        Assert.Empty(_handled);
        await Services.UseChannelAsync(channel => channel.QueueDeleteAsync(dead), Cancellation);
        await HandledAsync("from before");
    }

    /// <summary>More often than RabbitMQ 4 would deliver a message of a queue without a limit of its own.</summary>
    [Fact]
    public async Task DeadLetters_LookedAtAgainAndAgain_StayAsTheyAre()
    {
        var host = await StartAsync(_ => throw new PoisonMessageException("It can never be handled."));
        var ids = new List<string>();
        for (var number = 0; number < 5; number++)
        {
            ids.Add((await Services.AddAsync(host, new Ping($"{number}"), Cancellation)).ToString());
        }

        var letters = host.Services.GetRequiredService<DeadLetters>();
        await Eventually.GetAsync(() => letters.ListAsync(Cancellation), list => list.Count == 5, "all are dead letters");

        for (var look = 0; look < 25; look++)
        {
            var list = await letters.ListAsync(Cancellation);
            Assert.Equal(ids.Order(), list.Select(letter => letter.MessageId).Order());
        }

        Assert.Equal(5, await letters.SendAgainAsync(Cancellation));
    }

    [Fact]
    public async Task Health_OfAServiceThatStarts_IsDegradedUntilItsQueueIsConsumed()
    {
        var host = await Services.StartAsync(Cancellation, (_, _) => Task.CompletedTask);
        await FirstHealthyAsync(host);

        await Services.UseChannelAsync(
            async channel => Assert.Equal(1u, (await channel.QueueDeclarePassiveAsync(Services.QueueName, Cancellation)).ConsumerCount),
            Cancellation
        );
    }

    [Fact]
    public async Task Health_OfAServiceThatOnlyPublishes_IsDegradedUntilAllQueuesAreThere()
    {
        var host = await Services.StartAsync(Cancellation);
        await FirstHealthyAsync(host);

        await Services.UseChannelAsync(channel => channel.QueueDeclarePassiveAsync(Services.QueueName, Cancellation), Cancellation);
    }

    /// <summary>The process that died over it did not say so; the twentieth one does.</summary>
    [Fact]
    public async Task Message_DeliveredTwentyTimesAndNeverSettled_IsADeadLetterWithAnError()
    {
        // Without a consumer of its own: deliveries that end like those of a process that dies.
        var publisher = await StartAsync((Func<Ping, AfterCommit, Task>?)null);
        await Services.AddAsync(publisher, new Ping("deadly"), Cancellation);
        await Services.UseChannelAsync(
            async channel =>
            {
                for (var delivery = 1; delivery < 20; delivery++)
                {
                    var message = await Eventually.GetAsync(
                        async () => await channel.BasicGetAsync(Services.QueueName, autoAck: false, Cancellation),
                        message => message is not null,
                        "it comes"
                    );
                    await channel.BasicNackAsync(message!.DeliveryTag, multiple: false, requeue: true, Cancellation);
                }
            },
            Cancellation
        );

        var consumer = await StartAsync(message =>
        {
            _handled.Enqueue(message.Text);
            return Task.CompletedTask;
        });

        var letters = consumer.Services.GetRequiredService<DeadLetters>();
        await Eventually.GetAsync(() => letters.ListAsync(Cancellation), list => list.Count == 1, "it is a dead letter");
        var error = Assert.Single(Services.Log, line => line.Level == LogLevel.Error);
        Assert.Contains("was delivered 20 times and never settled", error.Text, StringComparison.Ordinal);
        Assert.Empty(_handled);
    }

    [Fact]
    public async Task Outcome_OfAMessageHandledAtTheThirdAttempt_IsCountedOnce()
    {
        var (attempts, outcomes) = (0, 0);
        var host = await StartAsync(
            (_, afterCommit) =>
            {
                afterCommit.Do(() => outcomes++);
                return ++attempts < 3 ? throw new InvalidOperationException("Not yet.") : Task.CompletedTask;
            }
        );

        await Services.AddAsync(host, new Ping("third"), Cancellation);

        await Eventually.TrueAsync(() => Task.FromResult(outcomes > 0), "it is handled");
        Assert.Equal((3, 1), (attempts, outcomes));
    }

    /// <summary>While the outage lasts, not only when it is over.</summary>
    [Fact]
    public async Task Pause_OfAQueue_IsSeenWhileItLastsAndCountedOnce()
    {
        var spans = new ConcurrentQueue<(string Name, ActivityStatusCode Status)>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Platform.Messaging",
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => spans.Enqueue((activity.DisplayName, activity.Status)),
        };
        ActivitySource.AddActivityListener(listener);
        var isAway = true;
        var host = await StartAsync(message =>
        {
            _handled.Enqueue(message.Text);
            return isAway ? throw new TimeoutException("The database is away.") : Task.CompletedTask;
        });

        foreach (var text in new[] { "waits", "waits too", "and this" })
        {
            await Services.AddAsync(host, new Ping(text), Cancellation);
        }

        await Eventually.TrueAsync(
            () => Task.FromResult(spans.Contains(($"process {Services.QueueName}", ActivityStatusCode.Error))),
            "the pause is a span"
        );
        await Eventually.TrueAsync(() => Task.FromResult(_handled.Distinct().Count() == 3 && _handled.Count >= 9), "all are tried again");
        Assert.Single(Services.Log, line => line.Text.Contains("is paused", StringComparison.Ordinal));
        isAway = false;

        await Eventually.TrueAsync(
            () => Task.FromResult(spans.Contains(($"process {Services.QueueName}", ActivityStatusCode.Unset))),
            "it is handled"
        );
        Assert.DoesNotContain(Services.Log, line => line.Level == LogLevel.Error);
    }

    /// <summary>The real broker's alarm. What is handled makes room in it, and one message at a time shows that it hears so.</summary>
    [Fact]
    public async Task Broker_LowOnMemory_BlocksWhoPublishesAndNotWhoConsumes()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var host = await Services.StartAsync(
            Cancellation,
            async (message, _) =>
            {
                await gate.Task.WaitAsync(Cancellation);
                _handled.Enqueue(message.Text);
            },
            settings: [("Messaging:Prefetch", "1")]
        );
        await MessagingHost.ConnectedAsync(host, Cancellation);
        string[] before = ["first", "second", "third"];
        foreach (var text in before)
        {
            await Services.AddAsync(host, new Ping(text), Cancellation);
        }

        await Eventually.TrueAsync(
            async () => await Services.CountAsync("published_at IS NOT NULL", Cancellation) == before.Length,
            "the broker has them"
        );
        await Platform.Faults.InjectAsync("rabbitmq", "memory-alarm", new FaultRequest(Minutes: 2), Cancellation);
        try
        {
            await Services.AddAsync(host, new Ping("late"), Cancellation);
            await Eventually.TrueAsync(
                async () =>
                    (await MessagingHost.HealthAsync(host, Cancellation)) is { Status: HealthStatus.Degraded, Description: { } why }
                    && why.Contains("publish: blocked by the broker", StringComparison.Ordinal),
                "the health says so"
            );

            gate.SetResult();

            // In any order: what waits is published side by side.
            await Eventually.TrueAsync(() => Task.FromResult(_handled.Count == before.Length), "all of them are handled");
            Assert.Equal(before.Order(), _handled.Order());
            Assert.Single(
                Services.Log,
                line => line.Text.Contains("reads nothing more from the connection to publish", StringComparison.Ordinal)
            );
        }
        finally
        {
            await Platform.Faults.EndAllAsync("rabbitmq", CancellationToken.None);
        }

        await HandledAsync("late");
        await MessagingHost.ConnectedAsync(host, Cancellation);
    }

    /// <summary>Without a pause: it is about the first moment at which the service says so.</summary>
    private static async Task FirstHealthyAsync(IHost host)
    {
        var wait = Stopwatch.StartNew();
        while ((await MessagingHost.HealthAsync(host, Cancellation)).Status != HealthStatus.Healthy)
        {
            Assert.True(wait.Elapsed < Eventually.DefaultTimeout, "never healthy");
        }
    }

    private Task<IHost> StartAsync(Func<Ping, Task> handle) => StartAsync((message, _) => handle(message));

    private async Task<IHost> StartAsync(Func<Ping, AfterCommit, Task>? handle)
    {
        var host = await Services.StartAsync(Cancellation, handle, settings: [("Messaging:MaxPublishAttempts", "12")]);
        await MessagingHost.ConnectedAsync(host, Cancellation);
        return host;
    }

    private Task HandledAsync(string text) => Eventually.TrueAsync(() => Task.FromResult(_handled.Contains(text)), $"{text} is handled");
}
