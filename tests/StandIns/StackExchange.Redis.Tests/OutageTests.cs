using System.Diagnostics;
using Xunit;

namespace StackExchange.Redis.Tests;

public sealed class OutageTests(RedisServer server) : IClassFixture<RedisServer>
{
    [Fact]
    public async Task Commands_ServerStoppedAndStartedAgain_FailAtOnceThenWork()
    {
        await using var multiplexer = await server.ConnectAsync();
        var database = multiplexer.GetDatabase();

        await server.StopAsync();
        await Eventually.TrueAsync(() => !multiplexer.IsConnected, "the loss is noticed");
        var started = Stopwatch.GetTimestamp();
        for (var command = 0; command < 100; command++)
        {
            await Assert.ThrowsAsync<RedisConnectionException>(() => database.StringGetAsync("a"));
        }

        var elapsed = Stopwatch.GetElapsedTime(started);
        await server.StartAsync();
        await Eventually.TrueAsync(() => multiplexer.IsConnected, "it reconnects");

        Assert.True(elapsed < TimeSpan.FromSeconds(2), $"100 failing commands took {elapsed}");
        Assert.True(await database.StringSetAsync("a", 1));
    }

    [Fact]
    public async Task ConnectAsync_NobodyListens_ReturnsAndCommandsFailAtOnce()
    {
        var options = new ConfigurationOptions { EndPoints = { { "127.0.0.1", RedisServer.FreePort() } } };

        await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectionMultiplexer.ConnectAsync(options));
        options.AbortOnConnectFail = false;
        var started = Stopwatch.GetTimestamp();
        await using var multiplexer = await ConnectionMultiplexer.ConnectAsync(options);
        var exception = await Assert.ThrowsAsync<RedisConnectionException>(() => multiplexer.GetDatabase().StringGetAsync("a"));

        Assert.Equal(ConnectionFailureType.UnableToConnect, exception.FailureType);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Commands_ServerFrozenForAMoment_TimeOutAndNoAnswerIsMixedUp()
    {
        await using var multiplexer = await server.ConnectAsync(options => options.AsyncTimeout = 250);
        var database = multiplexer.GetDatabase();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(number => database.StringSetAsync($"frozen:{number}", number)));

        await server.FreezeAsync();
        var timedOut = await Task.WhenAll(Enumerable.Range(0, 100).Select(
            number => Assert.ThrowsAsync<RedisTimeoutException>(() => database.StringGetAsync($"frozen:{number}"))));
        var connected = multiplexer.IsConnected;
        await server.ThawAsync();
        var answers = await Task.WhenAll(Enumerable.Range(100, 100).Select(
            async number => (int)await database.StringGetAsync($"frozen:{number}")));

        Assert.All(timedOut, exception => Assert.Equal(CommandStatus.Sent, exception.Commandstatus));
        Assert.True(connected);
        Assert.Equal(Enumerable.Range(100, 100), answers);
    }

    [Fact]
    public async Task Commands_ServerFrozenForLong_FailAtOnceThenWork()
    {
        await using var multiplexer = await server.ConnectAsync(options =>
        {
            options.AsyncTimeout = 100;
            options.ConnectTimeout = 500;
        });
        var database = multiplexer.GetDatabase();

        await server.FreezeAsync();
        await Assert.ThrowsAsync<RedisTimeoutException>(() => database.StringIncrementAsync("long"));
        await Eventually.TrueAsync(() => !multiplexer.IsConnected, "the silent connection is given up");
        await Assert.ThrowsAsync<RedisConnectionException>(() => database.StringIncrementAsync("long"));
        await server.ThawAsync();
        await Eventually.TrueAsync(() => multiplexer.IsConnected, "it reconnects");

        Assert.True(await database.StringSetAsync("long", "works"));
        Assert.Equal("works", await database.StringGetAsync("long"));
    }

    [Fact]
    public async Task Commands_ServerFrozenAndTooMany_AreRefused()
    {
        await using var multiplexer = await server.ConnectAsync(options => options.AsyncTimeout = 2000);
        var database = multiplexer.GetDatabase();

        await server.FreezeAsync();
        var waiting = Enumerable.Range(0, 10_000).Select(_ => database.StringGetAsync("a")).ToArray();
        var refused = await Assert.ThrowsAsync<RedisConnectionException>(() => database.StringGetAsync("a"));
        await server.ThawAsync();
        await Task.WhenAll(waiting);

        Assert.Equal(ConnectionFailureType.InternalFailure, refused.FailureType);
        Assert.True((await database.StringGetAsync("missing")).IsNull);
    }
}
