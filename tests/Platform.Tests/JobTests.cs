using System.Net.Http.Json;
using System.Text.Json;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>A scheduled job says when it ran and how that went, so that one that does not run is noticed.</summary>
public sealed class JobTests(PlatformFixture platform) : PlatformTest(platform)
{
    private const string Monitor = "orders-restock_products";

    [Fact]
    public async Task Run_OfAJob_IsATraceOfItsOwnAndACheckInThatTellsOfFailureAndRecovery()
    {
        try
        {
            await Platform.ReconfigureAsync(["orders"], "Orders__RestockInterval", "00:00:01", Cancellation);

            // Not one from before, when perhaps another test sampled.
            var since = DateTimeOffset.UtcNow;
            JsonElement run = default;
            await Eventually.TrueAsync(
                async () =>
                    (
                        run = (await WaitForAsync("ok"))
                            .GetProperty("checkIns")
                            .EnumerateArray()
                            .FirstOrDefault(run => run.Text("status") == "ok" && run.GetProperty("started").GetDateTimeOffset() > since)
                    ).ValueKind == JsonValueKind.Object,
                "the job has run since"
            );
            var spans = await Platform.Telemetry.WaitForSpanAsync(run.Text("traceId")!, "job restock_products", Cancellation);
            var root = Assert.Single(spans, span => span.ParentSpanId is null);
            Assert.Equal(("orders", "job restock_products", "restock_products"), (root.Service, root.Name, root["job.name"]));
            Assert.All(spans, span => Assert.Equal("restock_products", span["job.name"]));

            await DatabaseSwitch.SetAsync(Platform, "ordersdb", false, Cancellation);
            try
            {
                await WaitForAsync("failed");
            }
            finally
            {
                await DatabaseSwitch.SetAsync(Platform, "ordersdb", true, Cancellation);
            }

            await WaitForAsync("ok");
        }
        finally
        {
            await Platform.ReconfigureAsync(["orders"], "Orders__RestockInterval", null, Cancellation);
        }
    }

    private async Task<JsonElement> WaitForAsync(string state) =>
        await Eventually.GetAsync(
            async () =>
                (await Platform.Telemetry.Http.GetFromJsonAsync<JsonElement>("/api/monitors", Cancellation))
                    .GetProperty("monitors")
                    .EnumerateArray()
                    .FirstOrDefault(monitor => monitor.Text("slug") == Monitor && monitor.Text("environment") == "Development"),
            monitor => monitor.ValueKind == JsonValueKind.Object && monitor.Text("state") == state,
            $"{Monitor} is {state}"
        );
}
