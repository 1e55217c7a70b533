using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;
using Xunit;

namespace Aspire.Clients.Tests;

public sealed class RedisTests
{
    [Fact]
    public void AddRedisClient_EverySourceOfSettings_TheLaterWins()
    {
        ConfigurationOptions? seen = null;
        var builder = TestHost.Create(
            ("Aspire:StackExchange:Redis:ConnectionString", "overruled:1"),
            ("Aspire:StackExchange:Redis:ConfigurationOptions:ConnectTimeout", "300"),
            ("Aspire:StackExchange:Redis:ConfigurationOptions:AsyncTimeout", "100"),
            ("Aspire:StackExchange:Redis:cache:ConfigurationOptions:AsyncTimeout", "200"),
            ("ConnectionStrings:cache", $"127.0.0.1:{TestHost.ClosedPort()},password=p,connectTimeout=900"));
        builder.AddRedisClient("cache", configureOptions: options => seen = options);
        using var services = builder.Services.BuildServiceProvider();
        Assert.Null(seen);

        var multiplexer = services.GetRequiredService<IConnectionMultiplexer>();

        Assert.False(multiplexer.IsConnected);
        Assert.NotNull(seen);
        Assert.Contains("127.0.0.1", $"{Assert.Single(seen.EndPoints)}", StringComparison.Ordinal);
        Assert.Equal("p", seen.Password);
        Assert.Equal(300, seen.ConnectTimeout);
        Assert.Equal(200, seen.AsyncTimeout);
        Assert.False(seen.AbortOnConnectFail);
    }

    [Fact]
    public void AddKeyedRedisClient_TwoNames_AreTwoClientsAndHealthChecks()
    {
        var builder = TestHost.Create(
            ("ConnectionStrings:a", $"127.0.0.1:{TestHost.ClosedPort()}"), ("ConnectionStrings:b", $"127.0.0.1:{TestHost.ClosedPort()}"));

        builder.AddRedisClient("a");
        builder.AddKeyedRedisClient("b");

        using var services = builder.Services.BuildServiceProvider();
        Assert.NotSame(services.GetRequiredService<IConnectionMultiplexer>(), services.GetRequiredKeyedService<IConnectionMultiplexer>("b"));
        Assert.Equal(["StackExchange.Redis", "StackExchange.Redis_b"], builder.HealthCheckNames());
    }

    [Fact]
    public void AddRedisClient_NoConnectionString_ThrowsWhenResolvedAndNamesTheKeys()
    {
        var builder = TestHost.Create();

        builder.AddRedisClient("cache");

        using var services = builder.Services.BuildServiceProvider();
        var exception = Assert.Throws<InvalidOperationException>(services.GetRequiredService<IConnectionMultiplexer>);
        Assert.Contains("'ConnectionStrings:cache'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Multiplexer_ResolvedInsideARequest_DoesNotKeepItsTrace()
    {
        using var request = new Activity("request").Start();
        List<string> strays = [];
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                if (span != request && span.TraceId == request.TraceId)
                {
                    strays.Add(span.DisplayName);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        var builder = TestHost.Create(("ConnectionStrings:cache", $"127.0.0.1:{TestHost.ClosedPort()}"));
        builder.AddRedisClient("cache");
        using var services = builder.Services.BuildServiceProvider();

        services.GetRequiredService<IConnectionMultiplexer>();

        Assert.Empty(strays);
    }
}
