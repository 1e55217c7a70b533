using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Platform.Outside.Tests.Support;
using Platform.Traffic;

namespace Platform.Outside.Tests;

public sealed class TrafficTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Load_OneSecondAtTwenty_PlacesTwentyOrdersAndSeesThemPaid()
    {
        var (clock, gateway) = (new ManualTimeProvider(), new FakeGateway());
        await using var shop = await gateway.StartAsync();
        await using var traffic = await StartAsync(clock, shop, 20);

        Pass(clock, TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => gateway.Orders.Count == 20, "twenty orders are placed");
        await Eventually.TrueAsync(
            async () =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(10));
                return Count(await LoadAsync(traffic), "paid") >= 20;
            },
            "the outcome is polled"
        );

        Assert.All(gateway.Orders, order => Assert.InRange(order.Articles, 1, 3));
        Assert.All(gateway.Orders, order => Assert.False(order.Headers.ContainsKey("traceparent")));
        Assert.True(gateway.Sessions.Count < gateway.Orders.Count, "a shopper who comes again is still signed in");
        var keys = gateway.Orders.Select(order => order.Key).ToList();
        Assert.Equal(keys.Count, keys.Distinct().Count());
    }

    [Fact]
    public async Task Load_ShopNeverAnswers_ArrivalsGoOnUntilTheShopIsFullAndAreThenShed()
    {
        var (clock, gateway) = (new ManualTimeProvider(), new FakeGateway { NeverAnswers = new TaskCompletionSource() });
        await using var shop = await gateway.StartAsync();
        await using var traffic = await StartAsync(clock, shop, 200);

        Pass(clock, TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(
            async () => Count(await LoadAsync(traffic), "inFlight") == LoadGenerator.MaxInFlight,
            "the shop is full"
        );
        Pass(clock, TimeSpan.FromMilliseconds(500));
        await Eventually.TrueAsync(async () => Count(await LoadAsync(traffic), "shed") == 100, "the rest is turned away");

        await traffic.StopAsync();
        Assert.DoesNotContain(traffic.Logs, line => line.StartsWith("A visit broke", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Order_ShopUnavailable_IsTriedAgainWithTheSameKeyAfterTheTimeItAskedFor()
    {
        var (clock, gateway) = (new ManualTimeProvider(), new FakeGateway());
        gateway.Place = number => number < 3 ? new Unavailable() : FakeGateway.Accepted(number);
        await using var shop = await gateway.StartAsync();
        await using var traffic = await StartAsync(clock, shop, 1);

        Pass(clock, TimeSpan.FromSeconds(1));
        await SetRateAsync(traffic, 0);
        await Eventually.TrueAsync(() => clock.HasTimerDueIn(Unavailable.RetryAfter), "the first retry waits as long as it was asked to");
        clock.Advance(Unavailable.RetryAfter);
        await Eventually.TrueAsync(() => gateway.Orders.Count == 2 && clock.HasTimerDueIn(Unavailable.RetryAfter), "so does the second");
        clock.Advance(Unavailable.RetryAfter);
        await Eventually.TrueAsync(async () => Count(await LoadAsync(traffic), "placed") == 1, "the order is placed");

        Assert.Equal(3, gateway.Orders.Count);
        Assert.Single(gateway.Orders.Select(order => order.Key).Distinct());
        Assert.Equal(2, Count(await LoadAsync(traffic), "retried"));
    }

    [Fact]
    public async Task Order_NoAnswerInTime_IsGivenUpAfterThreeRetries()
    {
        var (clock, gateway) = (new ManualTimeProvider(), new FakeGateway { NeverAnswers = new TaskCompletionSource() });
        await using var shop = await gateway.StartAsync();
        await using var traffic = await StartAsync(clock, shop, 1, "Traffic:RequestTimeout=00:00:05");
        var limit = TimeSpan.FromSeconds(5);

        Pass(clock, TimeSpan.FromSeconds(1));
        await SetRateAsync(traffic, 0);
        var tries = 0;
        foreach (var pause in new[] { 0.5, 1, 2 }.Select(TimeSpan.FromSeconds))
        {
            await WaitInVainAsync();
            await Eventually.TrueAsync(() => clock.HasTimerDueIn(pause), "it waits before it tries again");
            clock.Advance(pause);
        }

        await WaitInVainAsync();
        await Eventually.TrueAsync(async () => Count(await LoadAsync(traffic), "failed") == 1, "the visit fails");

        Assert.Equal(4, gateway.Orders.Count);
        Assert.Single(gateway.Orders.Select(order => order.Key).Distinct());

        async Task WaitInVainAsync()
        {
            tries++;
            await Eventually.TrueAsync(() => gateway.Orders.Count == tries && clock.HasTimerDueIn(limit), "the order waits for its answer");
            clock.Advance(limit);
        }
    }

    [Theory]
    [InlineData(409, """{"code":"out_of_stock"}""", "outOfStock")]
    [InlineData(429, "", "rateLimited")]
    [InlineData(500, "", "failed")]
    public async Task Order_Refused_IsCountedAndNotTriedAgain(int status, string body, string counter)
    {
        var (clock, gateway) = (new ManualTimeProvider(), new FakeGateway());
        gateway.Place = _ => Results.Text(body, statusCode: status);
        await using var shop = await gateway.StartAsync();
        await using var traffic = await StartAsync(clock, shop, 1);

        Pass(clock, TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(async () => Count(await LoadAsync(traffic), counter) == 1, "the refusal is counted");

        Assert.Single(gateway.Orders);
        Assert.Equal(0, Count(await LoadAsync(traffic), "retried"));
    }

    [Fact]
    public async Task Start_GatewayNotUp_WaitsWithOneLineAndBeginsWhenItComes()
    {
        var clock = new ManualTimeProvider();
        await using var taken = await new FakeGateway().StartAsync();
        await taken.StopAsync();
        await using var traffic = await TestApp.StartAsync(TrafficApp.Create, clock, [$"services:gateway:http:0={taken.Address}"]);

        for (var i = 0; i < 3; i++)
        {
            await Eventually.TrueAsync(() => clock.HasTimerDueIn(TimeSpan.FromSeconds(1)), "it waits for the next look");
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        await traffic.StopAsync();
        Assert.Single(traffic.Logs, line => line.StartsWith("Waiting for the gateway", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Summary_OncePerMinute_IsOneLine()
    {
        var (clock, gateway) = (new ManualTimeProvider(), new FakeGateway());
        await using var shop = await gateway.StartAsync();
        await using var traffic = await StartAsync(clock, shop, 1);
        Pass(clock, TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(async () => Count(await LoadAsync(traffic), "placed") == 1, "an order is placed");

        clock.Advance(TimeSpan.FromMinutes(1));

        await Eventually.TrueAsync(
            () => traffic.Logs.Any(line => line.StartsWith("Last minute: 1 orders placed", StringComparison.Ordinal)),
            "the line is written"
        );
    }

    [Fact]
    public async Task PutLoad_KeyIsSet_NeedsItAndARateInRange()
    {
        await using var shop = await new FakeGateway().StartAsync();
        await using var traffic = await StartAsync(new ManualTimeProvider(), shop, 2, "Traffic:AdminKey=admin-key");

        using var refused = await traffic.Client.PutAsJsonAsync(
            "/admin/load",
            new { ordersPerSecond = 5 },
            TestContext.Current.CancellationToken
        );
        traffic.Client.DefaultRequestHeaders.Add("X-Admin-Key", "admin-key");
        using var tooMuch = await traffic.Client.PutAsJsonAsync(
            "/admin/load",
            new { ordersPerSecond = 201 },
            TestContext.Current.CancellationToken
        );
        using var taken = await traffic.Client.PutAsJsonAsync(
            "/admin/load",
            new { ordersPerSecond = 5 },
            TestContext.Current.CancellationToken
        );

        foreach (
            var wrong in new object[]
            {
                new { ordersPerSecond = 5, tenant = "nobody" },
                new
                {
                    ordersPerSecond = 5,
                    tenant = "acme",
                    times = 0,
                },
                new
                {
                    ordersPerSecond = 5,
                    tenant = "acme",
                    times = 500,
                },
            }
        )
        {
            using var response = await traffic.Client.PutAsJsonAsync("/admin/load", wrong, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, tooMuch.StatusCode);
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.Equal(
            5,
            (await traffic.Client.GetFromJsonAsync<JsonElement>("/admin/load", TestContext.Current.CancellationToken))
                .GetProperty("ordersPerSecond")
                .GetDouble()
        );
    }

    [Theory]
    [InlineData("Traffic:OrdersPerSecond=201", "Traffic:OrdersPerSecond")]
    [InlineData("Traffic:GatewayUrl=", "Traffic:GatewayUrl")]
    [InlineData("services:gateway:http:0=gateway", "services:gateway:http:0")]
    public async Task Options_OutOfRange_StopTheStartAndNameTheKey(string setting, string key)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            TestApp.StartAsync(TrafficApp.Create, TimeProvider.System, ["Traffic:GatewayUrl=http://127.0.0.1:1", setting])
        );

        Assert.Contains(key, failure.Message, StringComparison.Ordinal);
    }

    private static async Task<TestApp> StartAsync(ManualTimeProvider clock, TestApp shop, int ordersPerSecond, params string[] settings)
    {
        var traffic = await TestApp.StartAsync(
            TrafficApp.Create,
            clock,
            [$"Traffic:GatewayUrl={shop.Address}", $"Traffic:OrdersPerSecond={ordersPerSecond}", .. settings]
        );
        await Eventually.TrueAsync(
            () => clock.HasTimerDueIn(TimeSpan.FromSeconds(1.0 / ordersPerSecond)),
            "the shop is found and the first shopper is due"
        );
        await Eventually.TrueAsync(() => clock.HasTimerDueIn(TimeSpan.FromMinutes(1)), "the summary has begun");
        return traffic;
    }

    private static void Pass(ManualTimeProvider clock, TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Step)
        {
            clock.Advance(Step);
        }
    }

    private static async Task SetRateAsync(TestApp traffic, double ordersPerSecond)
    {
        await Eventually.TrueAsync(async () => Count(await LoadAsync(traffic), "arrived") == 1, "one shopper has come");
        using var response = await traffic.Client.PutAsJsonAsync(
            "/admin/load",
            new { ordersPerSecond },
            TestContext.Current.CancellationToken
        );
        response.EnsureSuccessStatusCode();
    }

    private static async Task<JsonElement> LoadAsync(TestApp traffic) =>
        (await traffic.Client.GetFromJsonAsync<JsonElement>("/admin/load", TestContext.Current.CancellationToken)).GetProperty("counts");

    private static int Count(JsonElement counts, string name) => counts.GetProperty(name).GetInt32();

    private sealed class Unavailable : IResult
    {
        public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(7);

        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            httpContext.Response.Headers.RetryAfter = "7";
            return Task.CompletedTask;
        }
    }
}
