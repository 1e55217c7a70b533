using Xunit;

namespace StackExchange.Redis.Tests;

public sealed class AuthenticationTests
{
    [Theory]
    [InlineData("wrong-secret")]
    [InlineData(null)]
    public async Task ConnectAsync_WrongOrNoPassword_FailsWithoutPrintingIt(string? password)
    {
        await using var server = new RedisServer { Password = "right-secret" };
        await server.InitializeAsync();
        await using (var multiplexer = await server.ConnectAsync())
        {
            Assert.True(await multiplexer.GetDatabase().StringSetAsync("a", 1));
        }

        var options = server.Options;
        options.Password = password;
        options.AbortOnConnectFail = true;
        var refused = await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectionMultiplexer.ConnectAsync(options));
        options.AbortOnConnectFail = false;
        await using var background = await ConnectionMultiplexer.ConnectAsync(options);
        var failed = await Assert.ThrowsAsync<RedisConnectionException>(() => background.GetDatabase().StringGetAsync("a"));

        Assert.Equal(ConnectionFailureType.AuthenticationFailure, refused.FailureType);
        Assert.Equal(ConnectionFailureType.AuthenticationFailure, failed.FailureType);
        Assert.DoesNotContain("secret", $"{refused}{failed}", StringComparison.Ordinal);
    }
}
