using Xunit;

namespace StackExchange.Redis.Tests;

public sealed class CommandTests(RedisServer server) : IClassFixture<RedisServer>
{
    [Fact]
    public async Task StringGet_AfterStringSet_ReturnsTheSameBytes()
    {
        await using var multiplexer = await server.ConnectAsync();
        var database = multiplexer.GetDatabase();
        byte[] bytes = [0, 13, 10, 255, 36];

        Assert.True(await database.StringSetAsync("bytes", bytes));
        Assert.True(await database.StringSetAsync("text", "Zürich"));
        Assert.True(await database.StringSetAsync("number", -42L));

        Assert.Equal(bytes, (byte[]?)await database.StringGetAsync("bytes"));
        Assert.Equal("Zürich", await database.StringGetAsync("text"));
        Assert.Equal(-42, (long)await database.StringGetAsync("number"));
        Assert.True((await database.StringGetAsync("missing")).IsNull);
    }

    [Fact]
    public async Task StringSet_WithCondition_SetsOnlyWhenItHolds()
    {
        await using var multiplexer = await server.ConnectAsync();
        var database = multiplexer.GetDatabase();

        Assert.False(await database.StringSetAsync("condition", 1, when: When.Exists));
        Assert.True(await database.StringSetAsync("condition", 2, TimeSpan.FromMinutes(1), When.NotExists));
        Assert.False(await database.StringSetAsync("condition", 3, null, When.NotExists));

        Assert.Equal(2, (int)await database.StringGetAsync("condition"));
    }

    [Fact]
    public async Task StringSet_WithExpiry_ValueGoesAway()
    {
        await using var multiplexer = await server.ConnectAsync();
        var database = multiplexer.GetDatabase();

        await database.StringSetAsync("short", "x", TimeSpan.FromMilliseconds(50));

        await Eventually.TrueAsync(async () => (await database.StringGetAsync("short")).IsNull, "the key expired");
    }

    [Fact]
    public async Task KeyExpire_HasNoExpiry_SetsItOnce()
    {
        await using var multiplexer = await server.ConnectAsync();
        var database = multiplexer.GetDatabase();
        await database.StringSetAsync("expiring", 1);

        Assert.True(await database.KeyExpireAsync("expiring", TimeSpan.FromMinutes(1), ExpireWhen.HasNoExpiry));
        Assert.False(await database.KeyExpireAsync("expiring", TimeSpan.FromMinutes(1), ExpireWhen.HasNoExpiry));
        Assert.True(await database.KeyExpireAsync("expiring", null));
        Assert.False(await database.KeyExpireAsync("missing", TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task StringIncrementAndKeyDelete_OneKey_CountAndRemove()
    {
        await using var multiplexer = await server.ConnectAsync();
        var database = multiplexer.GetDatabase();

        Assert.Equal(1, await database.StringIncrementAsync("counter"));
        Assert.Equal(11, await database.StringIncrementAsync("counter", 10));
        Assert.True(await database.KeyDeleteAsync("counter"));
        Assert.False(await database.KeyDeleteAsync("counter"));
        Assert.True(await database.PingAsync() > TimeSpan.Zero);
    }

    [Fact]
    public async Task ScriptEvaluate_KeysAndValues_ReturnsWhatTheScriptReturns()
    {
        await using var multiplexer = await server.ConnectAsync();
        var database = multiplexer.GetDatabase();

        var count = await database.ScriptEvaluateAsync("return redis.call('INCRBY', KEYS[1], ARGV[1])", ["script"], [5]);
        var nested = await database.ScriptEvaluateAsync("return {1, 'two', {3}, false}");

        Assert.Equal(5, (long)count);
        Assert.Equal(4, nested.Length);
        Assert.Equal("two", (string?)nested[1]);
        Assert.Equal(3, (int)nested[2][0]);
        Assert.True(nested[3].IsNull);
    }

    [Fact]
    public async Task Command_WrongType_ThrowsTheServersError()
    {
        await using var multiplexer = await server.ConnectAsync();
        var database = multiplexer.GetDatabase();
        await database.ScriptEvaluateAsync("return redis.call('LPUSH', KEYS[1], 'x')", ["list"]);

        var exception = await Assert.ThrowsAsync<RedisServerException>(() => database.StringGetAsync("list"));

        Assert.StartsWith("WRONGTYPE", exception.Message, StringComparison.Ordinal);
        Assert.True(multiplexer.IsConnected);
    }

    [Fact]
    public async Task Commands_ThousandAtOnce_EachGetsItsOwnAnswer()
    {
        await using var multiplexer = await server.ConnectAsync();
        var database = multiplexer.GetDatabase();

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(async number =>
        {
            await database.StringSetAsync($"many:{number}", number);
            return (int)await database.StringGetAsync($"many:{number}");
        }));

        Assert.Equal(Enumerable.Range(0, 1000), answers);
    }

    [Fact]
    public async Task StringGet_LargeValue_ComesBackWhole()
    {
        await using var multiplexer = await server.ConnectAsync();
        var database = multiplexer.GetDatabase();
        var value = new string('x', 5_000_000);

        await database.StringSetAsync("large", value);

        Assert.Equal(value, await database.StringGetAsync("large"));
    }

    [Fact]
    public async Task ConnectAsync_NameAndDatabase_AreUsed()
    {
        await using var multiplexer = await server.ConnectAsync(options =>
        {
            options.ClientName = "tests";
            options.DefaultDatabase = 3;
        });
        var database = multiplexer.GetDatabase();

        await database.PingAsync();
        var client = (await server.AskAsync("CLIENT", "LIST")).Split('\n').Single(line => line.Contains("name=tests", StringComparison.Ordinal));

        Assert.Contains("db=3", client, StringComparison.Ordinal);
        Assert.Equal(3, database.Database);
        Assert.Throws<NotSupportedException>(() => multiplexer.GetDatabase(1));
    }

    [Fact]
    public async Task CloseAsync_CommandsUnderWay_AreAnsweredFirst()
    {
        await using var multiplexer = await server.ConnectAsync();
        var database = multiplexer.GetDatabase();
        var commands = Enumerable.Range(0, 100).Select(_ => database.StringIncrementAsync("closing")).ToArray();

        await multiplexer.CloseAsync();

        Assert.Equal(100, (await Task.WhenAll(commands))[^1]);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.StringGetAsync("closing"));
    }
}
