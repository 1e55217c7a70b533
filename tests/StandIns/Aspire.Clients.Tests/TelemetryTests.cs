using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Trace;
using Xunit;

namespace Aspire.Clients.Tests;

public sealed class TelemetryTests
{
    private static readonly string[] Names =
        ["Npgsql", "Aspire.RabbitMQ.Client", "RabbitMQ.Client.Publisher", "OpenTelemetry.Instrumentation.StackExchangeRedis"];

    // One test for both: listeners are process-wide, and tests run side by side.
    [Fact]
    public void DisableTracing_OffThenOn_DecidesWhatTheTracerProviderHears()
    {
        Assert.Equal(["Npgsql"], Heard(disableTracing: true, "Npgsql"));
        Assert.Empty(Heard(disableTracing: true));
        Assert.Equal(Names, Heard(disableTracing: false));
    }

    private static string[] Heard(bool disableTracing, params string[] subscribed)
    {
        var builder = TestHost.Create();
        builder.AddNpgsqlDataSource("ordersdb", settings => settings.DisableTracing = disableTracing);
        builder.AddRabbitMQClient("messaging", settings => settings.DisableTracing = disableTracing);
        builder.AddRedisClient("cache", settings => settings.DisableTracing = disableTracing);
        new HostTelemetry(builder.Services).WithTracing(tracing => tracing.AddSource(subscribed));
        using var services = builder.Services.BuildServiceProvider();
        List<string> heard = [];

        var provider = services.GetRequiredService<TracerProvider>();
        using var processor = new Recorder(heard);
        provider.AddProcessor(processor);
        foreach (var name in Names)
        {
            using var source = new ActivitySource(new ActivitySourceOptions(name));
            source.StartActivity("span")?.Dispose();
        }

        return [.. heard];
    }

    private sealed class HostTelemetry(IServiceCollection services) : IOpenTelemetryBuilder
    {
        public IServiceCollection Services => services;
    }

    private sealed class Recorder(List<string> heard) : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data)
        {
            if (data.OperationName == "span")
            {
                heard.Add(data.Source.Name);
            }
        }
    }
}
