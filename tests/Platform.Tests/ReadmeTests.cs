using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>What the README shows is code that runs.</summary>
public sealed class ReadmeTests(PlatformFixture platform) : PlatformTest(platform)
{
    [Fact]
    public async Task Order_Placed_IsOneTraceThroughAllServices()
    {
        var app = Platform.App;
        var order = await (await Platform.Shop.SignInAsync("acme", "acme-u09", Cancellation)).PlaceAsync(Cancellation);
        await Example(app, Platform.DashboardApiKey, order.TraceId);
    }

    [Fact]
    public async Task Example_InTheReadme_IsTheOneThatRuns()
    {
        var readme = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"), Cancellation);
        var source = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests", "Platform.Tests", "ReadmeTests.cs"), Cancellation);
        var example = source.Split("// The README's example.\n")[1].Split("        // Its end.")[0];

        foreach (var line in example.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.Contains(line, readme, StringComparison.Ordinal);
        }
    }

    private static async Task Example(Aspire.Hosting.DistributedApplication app, string? apiKey, string traceId)
    {
        // The README's example.
        var telemetry = TelemetryClient.Of(app, apiKey);
        var trace = await telemetry.WaitForTraceAsync(
            traceId,
            "orders",
            "process orders.order-fulfilled",
            TestContext.Current.CancellationToken
        );

        trace
            .AssertServices("gateway", "orders", "payments", "worker")
            .AssertHop(("orders", "send orders"), ("payments", "process payments.order-placed"))
            .AssertWhole()
            .AssertNoSecret("4242424242424242");
        // Its end.
    }
}
