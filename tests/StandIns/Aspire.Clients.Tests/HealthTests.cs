using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Aspire.Clients.Tests;

public sealed class HealthTests
{
    [Fact]
    public async Task HealthChecks_NobodyListens_AreUnhealthyAndNameNoHost()
    {
        var port = TestHost.ClosedPort();
        var builder = TestHost.Create(
            ("ConnectionStrings:ordersdb", $"Host=127.0.0.1;Port={port};Username=u"),
            ("ConnectionStrings:messaging", $"amqp://127.0.0.1:{port}"),
            ("ConnectionStrings:cache", $"127.0.0.1:{port}"));
        builder.Services.AddLogging();
        builder.AddNpgsqlDataSource("ordersdb");
        builder.AddRabbitMQClient("messaging", settings => settings.MaxConnectRetryCount = 0);
        builder.AddRedisClient("cache");
        await using var services = builder.Services.BuildServiceProvider();

        var report = await services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["PostgreSql", "RabbitMQ.Client", "StackExchange.Redis"], report.Entries.Keys.Order());
        Assert.All(report.Entries.Values, entry =>
        {
            Assert.Equal(HealthStatus.Unhealthy, entry.Status);
            Assert.NotNull(entry.Exception);
            Assert.DoesNotContain("127.0.0.1", entry.Description, StringComparison.Ordinal);
        });
    }
}
