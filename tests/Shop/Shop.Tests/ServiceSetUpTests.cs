using System.Reflection;

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

    /// <summary>Telemetry, resilience and the broker's client are set up once, in ServiceDefaults and Messaging.</summary>
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
}
