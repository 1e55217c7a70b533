using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Platform.Infrastructure.Data;
using Platform.Shop.Tests.Support;
using StackExchange.Redis;

namespace Platform.Shop.Tests;

/// <summary>A call to Redis costs a request its budget at most, and once the breaker is open nothing.</summary>
public sealed class CacheTests : IDisposable
{
    private readonly Lines _lines = new();
    private readonly IHost _host;
    private readonly Cache _cache;
    private readonly Measurements _measured;
    private readonly Activity _span = new Activity("request").Start();

    public CacheTests()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(_lines);
        builder.AddCache("redis");
        builder.Services.AddSingleton(DispatchProxy.Create<IConnectionMultiplexer, Connection>());
        _host = builder.Build();
        _measured = new Measurements(_host.Services.GetRequiredService<IMeterFactory>());
        _cache = _host.Services.GetRequiredService<Cache>();
    }

    public void Dispose()
    {
        _span.Dispose();
        _measured.Dispose();
        _host.Dispose();
    }

    [Fact]
    public async Task Call_ThatAnswers_IsReturnedAndNotCounted()
    {
        Assert.Equal("answer", await TryAsync(Task.FromResult("answer")));
        Assert.Equal((0, null), (_measured.Sum("platform.cache.fallbacks"), _span.GetTagItem("platform.cache.fallback")));
    }

    [Fact]
    public async Task Call_ThatNeverAnswers_IsGivenUpWithinTheBudget()
    {
        var started = Stopwatch.GetTimestamp();

        Assert.Equal("fallback", await TryAsync(new TaskCompletionSource<string>().Task));

        Assert.InRange(Stopwatch.GetElapsedTime(started), Cache.Budget * 0.9, Cache.Budget * 20);
        Assert.Equal((1, "timeout"), (_measured.Sum("platform.cache.fallbacks"), _span.GetTagItem("platform.cache.fallback")));
    }

    [Theory]
    [InlineData(false, "failed")]
    [InlineData(true, "timeout")]
    public async Task Call_ThatRedisRefuses_FallsBack(bool timeout, string why)
    {
        Exception refusal = timeout ? new TimeoutException("slow") : new RedisException("LOADING");

        Assert.Equal("fallback", await TryAsync(Task.FromException<string>(refusal)));
        Assert.Equal((1, why), (_measured.Sum("platform.cache.fallbacks"), _span.GetTagItem("platform.cache.fallback")));
    }

    [Fact]
    public async Task Call_WhoseCallerIsGone_IsCancelledAndNotCounted()
    {
        using var gone = new CancellationTokenSource();

        // Within the call, whose time is short.
        var call = _cache.TryAsync(
            _ =>
            {
                gone.Cancel();
                return new TaskCompletionSource<string>().Task;
            },
            "fallback",
            gone.Token
        );

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(0, _measured.Sum("platform.cache.fallbacks"));
    }

    [Fact]
    public async Task Call_OfABug_IsNotHidden() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            TryAsync(Task.FromException<string>(new InvalidOperationException("bug")))
        );

    [Fact]
    public async Task Breaker_AfterFiveFailures_OpensOnceAndCallsNoMore()
    {
        for (var i = 0; i < 5; i++)
        {
            await TryAsync(Task.FromException<string>(new RedisException("away")));
        }

        var called = false;
        var answer = await _cache.TryAsync(
            _ =>
            {
                called = true;
                return Task.FromResult("answer");
            },
            "fallback",
            TestContext.Current.CancellationToken
        );

        Assert.Equal(("fallback", false, "open"), (answer, called, _span.GetTagItem("platform.cache.fallback")));
        Assert.Equal((6, 1), (_measured.Sum("platform.cache.fallbacks"), _lines.Count("cache.unavailable")));
        Assert.False(await _cache.IsAvailableAsync(TestContext.Current.CancellationToken));
        Assert.Equal(6, _measured.Sum("platform.cache.fallbacks"));
    }

    [Fact]
    public async Task Probe_WhenRedisIsBack_ClosesTheBreaker()
    {
        for (var i = 0; i < 5; i++)
        {
            await TryAsync(Task.FromException<string>(new RedisException("away")));
        }

        await Eventually.GetAsync(
            () => _cache.IsAvailableAsync(TestContext.Current.CancellationToken),
            static available => available,
            "the probe closes the breaker"
        );

        Assert.Equal("answer", await TryAsync(Task.FromResult("answer")));
        Assert.Equal((5, 1), (_measured.Sum("platform.cache.fallbacks"), _lines.Count("cache.available")));
    }

    // On a busy machine the first connection takes longer than a call may.
    private async Task<string> TryAsync(Task<string> call)
    {
        await _cache.Connected;
        return await _cache.TryAsync(_ => call, "fallback", TestContext.Current.CancellationToken);
    }

    /// <summary>Connected, and answers a ping.</summary>
    public class Connection : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod!.Name switch
            {
                "get_" + nameof(IConnectionMultiplexer.IsConnected) => true,
                nameof(IConnectionMultiplexer.GetDatabase) => Create<IDatabase, Connection>(),
                nameof(IDatabase.PingAsync) => Task.FromResult(TimeSpan.Zero),
                _ => null,
            };
    }
}
