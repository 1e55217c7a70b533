using System.Diagnostics;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>Observatory away for a while: services send again, and it comes back by itself.</summary>
public sealed class TelemetryOutageTests(PlatformFixture platform) : PlatformTest(platform)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);

    /// <summary>An export that failed waits up to 5 s until the next try.</summary>
    private static readonly TimeSpan Arrival = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Observatory_AwayForTenSeconds_MissesNoSpan()
    {
        var shopper = await Platform.Shop.SignInAsync("ember", "ember-u11", Cancellation);
        await Platform.StopAsync("observatory", Cancellation);
        IReadOnlyList<PlacedOrder> orders;
        try
        {
            orders = await PlaceAsync(shopper, 20);
        }
        finally
        {
            await Platform.StartAsync("observatory", Cancellation);
        }

        foreach (var order in orders)
        {
            var spans = await Platform.Telemetry.WaitForTraceAsync(
                order.TraceId,
                OneTrace.LooksComplete,
                $"trace {order.TraceId} is complete",
                Cancellation,
                Arrival
            );
            Assert.Empty(OneTrace.Violations(spans));
        }
    }

    [Fact]
    public async Task Observatory_KilledHard_StartsAgainByItselfAndMissesNoSpan()
    {
        var shopper = await Platform.Shop.SignInAsync("ember", "ember-u12", Cancellation);
        var before = Platform.ProcessIdOf("observatory");
        using (var observatory = Process.GetProcessById(before))
        {
            observatory.Kill();
        }

        var orders = await PlaceAsync(shopper, 4);

        await Platform.StateAsync(
            "observatory",
            state => Pid(state.Snapshot) != before && state.Snapshot.HealthStatus == HealthStatus.Healthy,
            "another one is healthy",
            Cancellation
        );
        foreach (var order in orders)
        {
            var spans = await Platform.Telemetry.WaitForTraceAsync(
                order.TraceId,
                OneTrace.LooksComplete,
                $"trace {order.TraceId} is complete",
                Cancellation,
                Arrival
            );
            Assert.Empty(OneTrace.Violations(spans));
        }
    }

    /// <summary>User secrets are read again when their file changes, and other AppHosts write to it.</summary>
    [Fact]
    public async Task Service_StartedAfterTheKeyInConfigurationHasChanged_IsHeard()
    {
        const string Key = "AppHost:OtlpApiKey";
        var shopper = await Platform.Shop.SignInAsync("ember", "ember-u09", Cancellation);
        var configuration = Platform.App.Services.GetRequiredService<IConfiguration>();
        var before = configuration[Key];
        configuration[Key] = "another";
        try
        {
            await Platform.StopAsync("orders", Cancellation);
            await Platform.StartAsync("orders", Cancellation);
        }
        finally
        {
            configuration[Key] = before;
        }

        var order = await shopper.PlaceAsync(Cancellation);
        await Platform.Telemetry.WaitForTraceAsync(order.TraceId, OneTrace.LooksComplete, "the trace is complete", Cancellation);
    }

    private static async Task<IReadOnlyList<PlacedOrder>> PlaceAsync(Shopper shopper, int count)
    {
        using var pace = new PeriodicTimer(Pace);
        var orders = new List<PlacedOrder>();
        while (orders.Count < count && await pace.WaitForNextTickAsync(Cancellation))
        {
            orders.Add(await shopper.PlaceAsync(Cancellation));
        }

        return orders;
    }

    private static int? Pid(CustomResourceSnapshot snapshot) =>
        int.TryParse(
            snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value?.ToString(),
            CultureInfo.InvariantCulture,
            out var id
        )
            ? id
            : null;
}
