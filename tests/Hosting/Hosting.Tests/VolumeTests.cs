using System.Diagnostics;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Platform.ServerProcesses;
using RabbitMQ.Client;
using StackExchange.Redis;

namespace Platform.Hosting.Tests;

/// <summary>WithDataVolume keeps data over runs of the AppHost.</summary>
public sealed class VolumeTests
{
    /// <summary>Processes that outlive the orchestrator are killed after 30 looks, which take 15 s and more on a busy machine.</summary>
    private static readonly TimeSpan GoneLimit = TimeSpan.FromSeconds(90);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Data_OnAVolume_IsThereInTheNextRun()
    {
        var volume = $"test-{Guid.NewGuid():N}";
        try
        {
            string runFolder;
            await using (var first = new Servers { Arguments = ["--Servers=process", $"--Volume={volume}"] })
            {
                await first.InitializeAsync();
                Assert.SkipWhen(first.Unavailable is not null, first.Unavailable ?? "");
                await first.App.ResourceNotifications.WaitForResourceHealthyAsync("shopdb", Cancellation);
                await first.QueryAsync<string>(
                    "CREATE TABLE kept (v text); INSERT INTO kept VALUES ('first run'); SELECT 'done'",
                    Cancellation
                );
                await using var redis = await ConnectionMultiplexer.ConnectAsync(
                    $"{await first.App.GetConnectionStringAsync("redis", Cancellation)},allowAdmin=true"
                );
                await redis.GetDatabase().StringSetAsync("kept", "first run");
                await redis.GetServers().Single().SaveAsync(SaveType.BackgroundSave);
                await first.CommandAsync("redis", KnownResourceCommands.StopCommand, Cancellation);
                await SendAsync(first, "first run");
                runFolder = first.RunFolder;
            }

            // With the application, not with this process.
            await WaitUntilGoneAsync(runFolder);

            await using var second = new Servers { Arguments = ["--Servers=process", $"--Volume={volume}"] };
            await second.InitializeAsync();
            await second.App.ResourceNotifications.WaitForResourceHealthyAsync("shopdb", Cancellation);

            Assert.Equal("first run", await second.QueryAsync<string>("SELECT v FROM kept", Cancellation));
            await using var again = await ConnectionMultiplexer.ConnectAsync(
                (await second.App.GetConnectionStringAsync("redis", Cancellation))!
            );
            Assert.Equal("first run", (string?)await again.GetDatabase().StringGetAsync("kept"));
            Assert.Equal("first run", await ReceiveAsync(second));
        }
        finally
        {
            foreach (var folder in Directory.Exists(Volumes.Root) ? Directory.GetDirectories(Volumes.Root, $"{volume}-*") : [])
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static async Task SendAsync(Servers servers, string text)
    {
        await using var connection = await ConnectAsync(servers);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true),
            Cancellation
        );
        await channel.QueueDeclareAsync("kept", durable: true, exclusive: false, autoDelete: false, cancellationToken: Cancellation);
        await channel.BasicPublishAsync(
            "",
            "kept",
            mandatory: true,
            new BasicProperties { Persistent = true },
            Encoding.UTF8.GetBytes(text),
            Cancellation
        );
    }

    private static async Task<string?> ReceiveAsync(Servers servers)
    {
        await using var connection = await ConnectAsync(servers);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        return await channel.BasicGetAsync("kept", autoAck: true, Cancellation) is { } message
            ? Encoding.UTF8.GetString(message.Body.Span)
            : null;
    }

    private static async Task<IConnection> ConnectAsync(Servers servers) =>
        await new ConnectionFactory
        {
            Uri = new Uri((await servers.App.GetConnectionStringAsync("rabbitmq", Cancellation))!),
        }.CreateConnectionAsync(Cancellation);

    private static async Task WaitUntilGoneAsync(string folder)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var started = Stopwatch.GetTimestamp();
        while (Directory.Exists(folder))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < GoneLimit, $"{folder} is still there {GoneLimit} after the application.");
            await timer.WaitForNextTickAsync(Cancellation);
        }
    }
}
