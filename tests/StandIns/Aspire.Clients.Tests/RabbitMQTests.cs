using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Aspire.Clients.Tests;

public sealed class RabbitMQTests
{
    [Fact]
    public void AddRabbitMQClient_EverySourceOfSettings_TheLaterWins()
    {
        var builder = TestHost.Create(
            ("Aspire:RabbitMQ:Client:ConnectionFactory:ClientProvidedName", "section"),
            ("Aspire:RabbitMQ:Client:ConnectionFactory:RequestedHeartbeat", "00:00:07"),
            ("Aspire:RabbitMQ:Client:messaging:ConnectionFactory:ClientProvidedName", "named"),
            ("Aspire:RabbitMQ:Client:messaging:ConnectionFactory:HostName", "overruled"),
            ("Aspire:RabbitMQ:Client:messaging:ConnectionString", "amqp://overruled"),
            ("ConnectionStrings:messaging", "amqp://guest:p%40ss@broker:5673/vhost"));

        builder.AddRabbitMQClient("messaging", configureConnectionFactory: factory => factory.ConsumerDispatchConcurrency = 4);

        using var services = builder.Services.BuildServiceProvider();
        var factory = Assert.IsType<ConnectionFactory>(services.GetRequiredService<IConnectionFactory>());
        Assert.Equal("broker", factory.HostName);
        Assert.Equal(5673, factory.Port);
        Assert.Equal("p@ss", factory.Password);
        Assert.Equal("vhost", factory.VirtualHost);
        Assert.Equal("named", factory.ClientProvidedName);
        Assert.Equal(TimeSpan.FromSeconds(7), factory.RequestedHeartbeat);
        Assert.Equal(4, factory.ConsumerDispatchConcurrency);
    }

    [Fact]
    public void AddRabbitMQClient_NothingSaysWhere_ThrowsWhenResolvedAndNamesTheKeys()
    {
        var builder = TestHost.Create();

        builder.AddRabbitMQClient("messaging");

        using var services = builder.Services.BuildServiceProvider();
        var exception = Assert.Throws<InvalidOperationException>(services.GetRequiredService<IConnection>);
        Assert.Contains("'ConnectionStrings:messaging'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("'Aspire:RabbitMQ:Client:messaging'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddKeyedRabbitMQClient_TwoNames_AreTwoFactoriesAndHealthChecks()
    {
        var builder = TestHost.Create(("ConnectionStrings:a", "amqp://first"), ("ConnectionStrings:b", "amqp://second"));

        builder.AddRabbitMQClient("a");
        builder.AddKeyedRabbitMQClient("b");

        using var services = builder.Services.BuildServiceProvider();
        Assert.Equal("first", services.GetRequiredService<IConnectionFactory>().Uri.Host);
        Assert.Equal("second", services.GetRequiredKeyedService<IConnectionFactory>("b").Uri.Host);
        Assert.Equal(["RabbitMQ.Client", "RabbitMQ.Client_b"], builder.HealthCheckNames());
    }

    [Fact]
    public void Connection_NobodyListens_IsTriedWhenResolvedAndAsOftenAsSet()
    {
        List<string> spans = [];
        using var root = new Activity("test").Start();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Aspire.RabbitMQ.Client",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                if (span.TraceId == root.TraceId && span.Status == ActivityStatusCode.Error)
                {
                    spans.Add(span.DisplayName);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        var time = new ImpatientTimeProvider();
        var builder = TestHost.Create(
            ("ConnectionStrings:messaging", $"amqp://127.0.0.1:{TestHost.ClosedPort()}"),
            ("Aspire:RabbitMQ:Client:MaxConnectRetryCount", "3"));
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.AddRabbitMQClient("messaging");
        using var services = builder.Services.BuildServiceProvider();
        var before = spans.Count;

        Assert.Throws<BrokerUnreachableException>(services.GetRequiredService<IConnection>);

        Assert.Equal(0, before);
        Assert.Equal([.. Enumerable.Repeat("rabbitmq connect attempt", 4), "rabbitmq connect"], spans);
        Assert.Equal([1, 2, 4], time.Waits.Select(wait => wait.TotalSeconds));
    }

    /// <summary>Notes how long each wait would be, and ends it at once.</summary>
    private sealed class ImpatientTimeProvider : TimeProvider
    {
        public List<TimeSpan> Waits { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Add(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
