using System.Diagnostics;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Platform.ServiceDefaults;
using Sentry.Extensions.Logging;

namespace Platform.Shop.Tests;

public sealed class ServiceSetUpTests
{
    public static TheoryData<Assembly> Services =>
        [
            typeof(Platform.Gateway.Edge).Assembly,
            typeof(Platform.Orders.Catalog).Assembly,
            typeof(Platform.Payments.Payment).Assembly,
            typeof(Platform.Worker.Fulfilment).Assembly,
        ];

    /// <summary>Telemetry, resilience and the broker's client are set up once, in ServiceDefaults, Infrastructure and Messaging.</summary>
    [Theory]
    [MemberData(nameof(Services))]
    public void Service_OfTheShop_UsesNoTelemetrySdkAndNoBrokerClient(Assembly service)
    {
        var references = service.GetReferencedAssemblies().Select(reference => reference.Name!);

        Assert.DoesNotContain(
            references,
            name => name.StartsWith("OpenTelemetry", StringComparison.Ordinal) || name.StartsWith("RabbitMQ", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Contracts_OfTheShop_DependOnNothing() =>
        Assert.DoesNotContain(
            typeof(Contracts.ShopTopology).Assembly.GetReferencedAssemblies(),
            reference => !reference.Name!.StartsWith("System.", StringComparison.Ordinal)
        );

    [Fact]
    public async Task ServiceDefaults_OfAServiceWithoutAWebServer_AreTheSame()
    {
        await using var receiver = await TelemetryReceiver.StartAsync();
        using var service = receiver.WorkerService("--OTEL_BSP_SCHEDULE_DELAY=50", "--OTEL_BLRP_SCHEDULE_DELAY=50");
        await service.StartAsync(TestContext.Current.CancellationToken);
        using var source = new ActivitySource(new ActivitySourceOptions("Platform.Shop.Tests.WorkerService"));

        using (source.StartActivity("work of a worker"))
        {
            service
                .Services.GetRequiredService<ILoggerFactory>()
                .CreateLogger("Platform.Test")
                .Log(LogLevel.Warning, default, "password=hunter2 in a line", null, (text, _) => text);
        }

        await receiver.UntilTheyCameAsync(["work of a worker", "password=*** in a line"]);
        Assert.Equal(
            service.Services.GetRequiredService<ServiceIdentity>().Release,
            service.Services.GetRequiredService<IOptions<SentryLoggingOptions>>().Value.Release
        );
        await service.StopAsync(TestContext.Current.CancellationToken);
    }
}
