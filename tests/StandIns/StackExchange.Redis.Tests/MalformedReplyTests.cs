using Xunit;

namespace StackExchange.Redis.Tests;

public sealed class MalformedReplyTests
{
    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("\r\n")]
    [InlineData("$x\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("$3\r\nabcd\r\n")]
    [InlineData(":1\n")]
    [InlineData("$67108865\r\n")]
    [InlineData("$99999999999999999999\r\n")]
    [InlineData("*1048577\r\n")]
    [InlineData("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n")]
    public async Task Command_MalformedOrHugeReply_IsAProtocolFailureAndANewConnection(string reply)
    {
        await using var server = new ScriptedServer(reply);
        await using var multiplexer = await ConnectionMultiplexer.ConnectAsync(server.Options);

        var exception = await Assert.ThrowsAsync<RedisConnectionException>(() => multiplexer.GetDatabase().StringGetAsync("a"));

        Assert.Equal(ConnectionFailureType.ProtocolFailure, exception.FailureType);
        await Eventually.TrueAsync(() => server.Connections == 2 && multiplexer.IsConnected, "it connects again");
    }

    [Fact]
    public async Task Command_LineThatNeverEnds_IsAProtocolFailure()
    {
        await using var server = new ScriptedServer("+" + new string('x', 100_000));
        await using var multiplexer = await ConnectionMultiplexer.ConnectAsync(server.Options);

        var exception = await Assert.ThrowsAsync<RedisConnectionException>(() => multiplexer.GetDatabase().StringGetAsync("a"));

        Assert.Equal(ConnectionFailureType.ProtocolFailure, exception.FailureType);
    }

    [Fact]
    public async Task Command_TwoAnswersToOneQuestion_ConnectionIsDropped()
    {
        await using var server = new ScriptedServer("$1\r\na\r\n$1\r\nb\r\n");
        await using var multiplexer = await ConnectionMultiplexer.ConnectAsync(server.Options);

        var first = await multiplexer.GetDatabase().StringGetAsync("a");

        Assert.Equal("a", first);
        await Eventually.TrueAsync(() => server.Connections == 2, "the connection with a stray answer is not used again");
    }
}
