using System.Collections.Concurrent;
using System.Diagnostics;
using Platform.Faults.Processes;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>
/// Something goes away for a while under traffic. Orders are accepted meanwhile, but for those that need what is away: a 503 is sent again
/// as it asks. Afterwards every accepted order is decided, the acquirer's ledger is the paid orders, the stock adds up, and nothing is
/// dead-lettered.
/// </summary>
public sealed class OutageTests(PlatformFixture platform) : PlatformTest(platform)
{
    /// <summary>Orders placed before, during and after; about twenty a second.</summary>
    private const int OrdersPerPhase = 10;

    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("acquirer")]
    [InlineData("llm")]
    [InlineData("redis")]
    [InlineData("rabbitmq")]
    [InlineData("payments")]
    [InlineData("worker")]
    [InlineData("observatory")]
    public Task Resource_StoppedForAWhile_LosesNothing(string resource) =>
        SurviveAsync(() => Platform.StopAsync(resource, Cancellation), () => Platform.StartAsync(resource, Cancellation), mayRefuse: false);

    [Theory]
    [InlineData("payments")]
    [InlineData("worker")]
    [InlineData("orders")]
    public Task Service_KilledHard_LosesNothing(string service) =>
        SurviveAsync(
            async () =>
            {
                Signals.Send(Platform.ProcessIdOf(service), Signals.Kill);
                await Platform.EndedAsync(service, Cancellation);
            },
            () => Platform.StartAsync(service, Cancellation),
            mayRefuse: service == "orders"
        );

    [Theory]
    [InlineData("redis")]
    [InlineData("payments")]
    [InlineData("worker")]
    [InlineData("acquirer")]
    public Task Process_FrozenForAWhile_LosesNothing(string resource) =>
        SurviveAsync(() => StopAsync(resource), () => ContinueAsync(resource), mayRefuse: false);

    [Theory]
    [InlineData("ordersdb", true)]
    [InlineData("paymentsdb", false)]
    [InlineData("workerdb", false)]
    public Task Database_RefusingConnections_LosesNothing(string database, bool mayRefuse) =>
        SurviveAsync(
            () => DatabaseSwitch.SetAsync(Platform, database, false, Cancellation),
            () => DatabaseSwitch.SetAsync(Platform, database, true, Cancellation),
            mayRefuse
        );

    [Fact]
    public async Task Redis_Frozen_MakesNoRequestSlow()
    {
        var shopper = await Platform.Shop.SignInAsync("acme", "acme-u08", Cancellation);
        await shopper.PlaceAsync(Cancellation);
        await StopAsync("redis");
        try
        {
            var times = new List<TimeSpan>();
            for (var i = 0; i < 10; i++)
            {
                var started = Stopwatch.GetTimestamp();
                await shopper.PlaceAsync(Cancellation);
                times.Add(Stopwatch.GetElapsedTime(started));
            }

            // A blocked client makes each order wait for 5 s; three calls of 100 ms do not, and a busy machine delays one or two.
            Assert.True(times.Order().ElementAt(times.Count / 2) < TimeSpan.FromSeconds(3), $"The orders took {string.Join(", ", times)}.");
        }
        finally
        {
            await ContinueAsync("redis");
        }
    }

    [Fact]
    public async Task OrdersDatabase_Away_IsA503WithRetryAfterAndLeavesNoHalfOrder()
    {
        var books = await Books.OpenAsync(Platform, Cancellation);
        var shopper = await Platform.Shop.SignInAsync("acme", "acme-u09", Cancellation);
        await DatabaseSwitch.SetAsync(Platform, "ordersdb", false, Cancellation);
        try
        {
            using var response = await shopper.SendOrderAsync(Shopper.OneMug, CardInput.Valid, Guid.NewGuid(), Cancellation);

            Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.NotNull(response.Headers.RetryAfter);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        }
        finally
        {
            await DatabaseSwitch.SetAsync(Platform, "ordersdb", true, Cancellation);
        }

        await books.MustBalanceAsync(Cancellation);
    }

    private async Task SurviveAsync(Func<Task> breakIt, Func<Task> mendIt, bool mayRefuse)
    {
        var books = await Books.OpenAsync(Platform, Cancellation);
        var shopper = await Platform.Shop.SignInAsync("acme", "acme-u07", Cancellation);
        var placed = new ConcurrentBag<Guid>();
        var refused = new ConcurrentBag<string>();
        var lettersBefore = await LettersAsync();
        await PlaceManyAsync();

        // Traffic goes on while it breaks.
        var during = PlaceManyAsync();
        await breakIt();
        try
        {
            await PlaceManyAsync();
            await during;
            using var timer = new PeriodicTimer(Outage);
            await timer.WaitForNextTickAsync(Cancellation);
        }
        finally
        {
            await mendIt();
        }

        await PlaceManyAsync();

        Assert.True(mayRefuse || refused.IsEmpty, $"{refused.Count} orders were refused: {refused.FirstOrDefault()}");
        await books.MustBalanceAsync(Cancellation);
        foreach (var id in placed)
        {
            Assert.NotNull(await shopper.GetAsync(id, Cancellation));
        }

        Assert.Empty((await LettersAsync()).Except(lettersBefore));

        async Task<IReadOnlyList<string?>> LettersAsync() =>
            [
                .. (
                    await Task.WhenAll(
                        new[] { "orders", "payments", "worker" }.Select(service => DeadLetterBox.ListAsync(Platform, service, Cancellation))
                    )
                )
                    .SelectMany(letters => letters)
                    .Select(letter => letter.Text("messageId")),
            ];

        async Task PlaceManyAsync()
        {
            using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            var orders = new List<Task>();
            for (var i = 0; i < OrdersPerPhase && await pace.WaitForNextTickAsync(Cancellation); i++)
            {
                orders.Add(PlaceOneAsync());
            }

            await Task.WhenAll(orders);
        }

        async Task PlaceOneAsync()
        {
            using var response = mayRefuse
                ? await shopper.SendOrderAsync(Shopper.OneMug, CardInput.Valid, Guid.NewGuid(), Cancellation)
                : await shopper.OrderAsync(Shopper.OneMug, CardInput.Valid, Guid.NewGuid(), Cancellation);
            if (response.StatusCode == System.Net.HttpStatusCode.Accepted)
            {
                placed.Add(Guid.Parse(response.Headers.Location!.ToString().Split('/')[^1]));
            }
            else
            {
                refused.Add($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(Cancellation)}");
            }
        }
    }

    private Task StopAsync(string resource) => Signals.StopAsync(Platform.ProcessIdOf(resource), Cancellation);

    private Task ContinueAsync(string resource)
    {
        Signals.Send(Platform.ProcessIdOf(resource), Signals.Continue);
        return Task.CompletedTask;
    }
}
