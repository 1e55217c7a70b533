using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace StackExchange.Redis.Tests;

public sealed class SpanTests(RedisServer server) : IClassFixture<RedisServer>
{
    [Fact]
    public async Task Command_Sampled_MakesOneSpanWithoutTheValue()
    {
        using var spans = new SpanCollector();
        await using var multiplexer = await server.ConnectAsync();

        await multiplexer.GetDatabase().StringSetAsync("price:42", "secret-value", TimeSpan.FromMinutes(1));

        var span = Assert.Single(spans.All);
        Assert.Equal("SET", span.DisplayName);
        Assert.Equal(ActivityKind.Client, span.Kind);
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        var port = server.Port.ToString(CultureInfo.InvariantCulture);
        Assert.Equal(
            [
                "db.namespace=0", "db.operation.name=SET", "db.query.text=SET price:42 ? ? ?", "db.system.name=redis",
                "network.peer.address=127.0.0.1", $"network.peer.port={port}", "network.type=ipv4",
                "server.address=127.0.0.1", $"server.port={port}",
            ],
            span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Command_ServerError_SpanHasTheCodeOnly()
    {
        using var spans = new SpanCollector();
        await using var multiplexer = await server.ConnectAsync();

        await Assert.ThrowsAsync<RedisServerException>(
            () => multiplexer.GetDatabase().ScriptEvaluateAsync("return redis.error_reply('MINE secret-value')", ["k"], ["secret-value"]));

        var span = Assert.Single(spans.All);
        Assert.Equal("EVAL", span.DisplayName);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal("MINE", span.GetTagItem("error.type"));
        Assert.Equal("MINE", span.GetTagItem("db.response.status_code"));
        Assert.Equal("EVAL ? ? k ?", span.GetTagItem("db.query.text"));
        Assert.DoesNotContain("secret", span.StatusDescription, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_NoConnection_SpanIsAnError()
    {
        using var spans = new SpanCollector();
        var options = new ConfigurationOptions { EndPoints = { { "127.0.0.1", RedisServer.FreePort() } }, AbortOnConnectFail = false };
        await using var multiplexer = await ConnectionMultiplexer.ConnectAsync(options);

        await Assert.ThrowsAsync<RedisConnectionException>(() => multiplexer.GetDatabase().StringGetAsync("a"));

        var span = Assert.Single(spans.All);
        Assert.Equal("GET", span.DisplayName);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal("StackExchange.Redis.RedisConnectionException", span.GetTagItem("error.type"));
    }

    /// <summary>The spans of the calling test: other tests run at the same time, in traces of their own.</summary>
    private sealed class SpanCollector : IDisposable
    {
        private readonly Lock _lock = new();
        private readonly List<Activity> _spans = [];
        private readonly Activity _root = new Activity("test").Start();
        private readonly ActivityListener _listener;

        public SpanCollector()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "OpenTelemetry.Instrumentation.StackExchangeRedis",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = Add,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public Activity[] All
        {
            get
            {
                lock (_lock)
                {
                    return [.. _spans];
                }
            }
        }

        public void Dispose()
        {
            _listener.Dispose();
            _root.Dispose();
        }

        private void Add(Activity span)
        {
            lock (_lock)
            {
                if (span.TraceId == _root.TraceId)
                {
                    _spans.Add(span);
                }
            }
        }
    }
}
