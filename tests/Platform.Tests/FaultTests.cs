using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Platform.Faults;
using Platform.Tests.Support;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Platform.Tests;

/// <summary>What can be broken on purpose hurts as it says, is seen in telemetry by its symptoms alone, and ends without a trace.</summary>
public sealed partial class FaultTests(PlatformFixture platform) : PlatformTest(platform)
{
    private FaultRunner Runner => Platform.App.Services.GetRequiredService<FaultRunner>();

    private FaultControl Control => Platform.App.Services.GetRequiredService<FaultControl>();

    public override async ValueTask DisposeAsync()
    {
        await Platform.Faults.EndAllAsync(null, Cancellation);
        await base.DisposeAsync();
    }

    [Fact]
    public async Task EveryFault_IsACommandWithAConfirmation_AndInTheTable()
    {
        var table = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/faults.md"), Cancellation);
        var model = Platform.App.Services.GetRequiredService<DistributedApplicationModel>();
        Assert.All(
            Runner.Faults,
            fault =>
            {
                var resource = model.Resources.Single(resource => resource.Name == fault.Resource);
                var command = resource.Annotations.OfType<ResourceCommandAnnotation>().Single(command => command.Name == fault.Name);
                Assert.Equal(fault.Text.UsersFeel, command.ConfirmationMessage);
                Assert.NotNull(command.IconName);
                Assert.Contains($"| `{fault.Resource}` | `{fault.Name}` |", table, StringComparison.Ordinal);
            }
        );
        Assert.Equal(Runner.Faults.Count, Row().Count(table));
    }

    [Fact]
    public async Task ControlChannel_AsksForItsKey_AndRefusesWithASentence()
    {
        using var http = new HttpClient { BaseAddress = Control.Address };
        using var anonymous = await http.GetAsync("faults", Cancellation);
        using var nowhere = await http.GetAsync("nothing", Cancellation);
        http.DefaultRequestHeaders.Add(FaultControl.KeyHeader, Control.Key);
        var list = await http.GetFromJsonAsync<IReadOnlyList<FaultListing>>("faults", Cancellation);
        using var unknown = await http.PostAsJsonAsync("faults/orders/nothing", new FaultRequest(), Cancellation);
        using var misspelt = await http.PostAsJsonAsync("faults/orders/frozen", new { Minute = 3 }, Cancellation);
        using var state = await http.GetAsync("faults/state", Cancellation);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (anonymous.StatusCode, nowhere.StatusCode));
        Assert.Equal(Runner.Faults.Count, list!.Count);
        Assert.Equal(HttpStatusCode.Conflict, unknown.StatusCode);
        Assert.Contains(
            "There is no fault nothing of orders.",
            await unknown.Content.ReadAsStringAsync(Cancellation),
            StringComparison.Ordinal
        );
        Assert.Equal(HttpStatusCode.BadRequest, misspelt.StatusCode);
        Assert.Equal("127.0.0.1", Control.Address.Host);
        Assert.DoesNotContain("\"undo\"", await state.Content.ReadAsStringAsync(Cancellation), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task TableLocked_OrdersFailUntilItEnds_AndTheResourceSaysWhatIsOn()
    {
        var shopper = await Platform.Shop.SignInAsync("cedar", "cedar-u01", Cancellation);
        await Platform.Faults.InjectAsync("postgres", "lock-held", new FaultRequest(Minutes: 2, Scope: "idempotency"), Cancellation);

        using var refused = await shopper.SendOrderAsync(Shopper.OneMug, CardInput.Valid, Guid.NewGuid(), Cancellation);
        var shown = await Platform.StateAsync(
            "faults",
            resource => resource.Snapshot.State?.Text == "postgres lock-held idempotency, 2 min left",
            "it says what is on",
            Cancellation
        );
        var again = await Platform.App.ResourceCommands.ExecuteCommandAsync("postgres", "lock-held", Cancellation);
        await Platform.CommandAsync("faults", "end-all", Cancellation);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal("postgres lock-held idempotency", Assert.Single(shown.Snapshot.Properties).Name);
        Assert.False(again.Success);
        Assert.Contains("is on already", again.Message, StringComparison.Ordinal);
        await shopper.PlaceAsync(Cancellation);
    }

    [Fact]
    public async Task IndexDropped_IsBuiltAgainAndNoRowIsLeft()
    {
        await Platform.Faults.InjectAsync("postgres", "index-dropped", new FaultRequest(Strength: 100_000), Cancellation);
        var during = await OrderLinesAsync();
        await Platform.Faults.EndAllAsync("postgres", Cancellation);
        var after = await OrderLinesAsync();

        Assert.Equal(0, during.Keys);
        Assert.InRange(during.Lines, 100_000, int.MaxValue);
        Assert.Equal(1, after.Keys);
        Assert.InRange(after.Lines, 0, 99_999);
    }

    [Fact]
    public async Task ReleaseThatFailsForSomeOrders_IsAnErrorOfThatRelease_AndGoesBack()
    {
        Line[] three = [new("mug-blue", 1), new("mug-steel", 1), new("grinder", 1)];
        var shopper = await Platform.Shop.SignInAsync("cedar", "cedar-u02", Cancellation);
        var before = await ReleaseAsync(shopper);
        await Platform.Faults.InjectAsync("orders", "release-bad", new FaultRequest(), Cancellation);
        await Platform.HealthyAsync(Cancellation);

        using var failed = await shopper.OrderAsync(three, CardInput.Valid, Guid.NewGuid(), Cancellation);
        var during = await ReleaseAsync(shopper);
        var report = await Platform.Telemetry.WaitForEventAsync(failed.Headers.GetValues("X-Trace-Id").Single(), Cancellation);
        await Platform.Faults.EndAllAsync("orders", Cancellation);
        await Platform.HealthyAsync(Cancellation);
        using var placed = await shopper.OrderAsync(three, CardInput.Valid, Guid.NewGuid(), Cancellation);
        var after = await ReleaseAsync(shopper);

        Assert.Equal((HttpStatusCode.InternalServerError, HttpStatusCode.Accepted), (failed.StatusCode, placed.StatusCode));
        Assert.Equal((during, "orders"), (report.Text("release"), report.Text("service")));
        Assert.NotEqual(before, during);
        Assert.Equal(before, after);
    }

    [Fact]
    public async Task PoisonMessage_WithAConsumerThatTriesForEver_HoldsUpAllOrders_AndIsGoneInTheEnd()
    {
        var shopper = await Platform.Shop.SignInAsync("cedar", "cedar-u03", Cancellation);
        await Platform.Faults.InjectAsync("worker", "retries-for-ever", new FaultRequest(), Cancellation);
        await Platform.HealthyAsync(Cancellation);
        await Platform.Faults.InjectAsync("rabbitmq", "poison-message", new FaultRequest(Scope: "worker.order-paid"), Cancellation);
        await Eventually.GetAsync(
            () => Platform.Telemetry.LogsAsync("resource=worker&search=event%3Dqueue.paused&limit=50", Cancellation),
            logs => logs.Contains("worker.order-paid is paused", StringComparison.Ordinal),
            "the consumer holds the message"
        );

        var order = await shopper.PlaceAsync(Cancellation);
        await shopper.WaitForAsync(order.Id, "paid", Cancellation);
        await Platform.Faults.EndAllAsync(null, Cancellation);

        await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);
        await Eventually.GetAsync(
            () => DeadLetterBox.ListAsync(Platform, "worker", Cancellation),
            letters => letters.Count == 0,
            "no dead letter is left"
        );
    }

    [Fact]
    public async Task QueueDeleted_StaysGoneUntilItEnds_AndNoOrderIsLost()
    {
        const string Queue = "worker.order-paid";
        var shopper = await Platform.Shop.SignInAsync("cedar", "cedar-u06", Cancellation);
        var injecting = Platform.Faults.InjectAsync("rabbitmq", "queue-deleted", new FaultRequest(Minutes: 2, Scope: Queue), Cancellation);

        // At any moment of it a message may be on its way to the queue, or in its consumer's hands.
        List<Guid> orders = [];
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        do
        {
            orders.Add((await shopper.PlaceAsync(Cancellation)).Id);
        } while (!injecting.IsCompleted && await pace.WaitForNextTickAsync(Cancellation));

        await injecting;
        orders.Add((await shopper.PlaceAsync(Cancellation)).Id);
        await Eventually.GetAsync(
            () => Platform.Telemetry.LogsAsync($"resource=worker&search={Queue}+is+not+consumed&limit=50", Cancellation),
            logs => logs.Contains("takes no more queues", StringComparison.Ordinal),
            "the consumer may not declare it again"
        );

        await using var connection = await new ConnectionFactory
        {
            Uri = new Uri(await Platform.DatabaseAsync("rabbitmq", Cancellation)),
        }.CreateConnectionAsync(Cancellation);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        var gone = await Assert.ThrowsAsync<OperationInterruptedException>(() => channel.QueueDeclarePassiveAsync(Queue, Cancellation));
        await Platform.Faults.EndAllAsync("rabbitmq", Cancellation);

        Assert.Equal((ushort)404, gone.ShutdownReason?.ReplyCode);
        foreach (var order in orders)
        {
            await shopper.WaitForAsync(order, "fulfilled", Cancellation);
        }
    }

    [Fact]
    public async Task CompanyUnreachable_IsAConnectTimeOut_AndOrdersAreChargedAfterwards()
    {
        var shopper = await Platform.Shop.SignInAsync("cedar", "cedar-u04", Cancellation);
        await Platform.Faults.InjectAsync("acquirer", "unreachable", new FaultRequest(), Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);

        var spans = await Platform.Telemetry.WaitForTraceAsync(
            order.TraceId,
            spans => spans.Any(span => span.Service == "payments" && span.Name == "POST"),
            "a call of the acquirer ended",
            Cancellation
        );
        await Platform.Faults.EndAllAsync("acquirer", Cancellation);

        Assert.All(
            spans.Where(span => span.Service == "payments" && span.Name == "POST"),
            span => Assert.Equal((true, null), (span.IsError, span["http.response.status_code"]))
        );
        await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);
    }

    [Fact]
    public async Task FaultByHand_IsMarkedInObservatory_AndOneOfADrillIsNot()
    {
        var since = DateTimeOffset.UtcNow;
        await Platform.Faults.InjectAsync("acquirer", "slow", new FaultRequest(Strength: 100), Cancellation);
        await Platform.CommandAsync("llm", "slow", Cancellation);

        // Other tests broke something by hand before, and were told of.
        var told = await Eventually.GetAsync(
            async () =>
                (await Platform.Telemetry.Http.GetFromJsonAsync<JsonElement>("/api/faults", Cancellation))
                    .GetProperty("faults")
                    .EnumerateArray()
                    .Where(fault => fault.GetProperty("startedAt").GetDateTimeOffset() >= since)
                    .Select(fault => fault.GetProperty("resource").GetString()!)
                    .ToList(),
            resources => resources.Contains("llm"),
            "Observatory knows it"
        );
        using var browser = await Platform.Telemetry.OpenBrowserAsync(Cancellation);
        var page = await browser.GetStringAsync("/faults", Cancellation);

        Assert.DoesNotContain("acquirer", told);
        Assert.Contains(">Slow<", page, StringComparison.Ordinal);
    }

    /// <summary>Of all that was broken so far: what services emit has symptoms and no word of the cause.</summary>
    [Fact]
    public async Task Telemetry_OfBrokenServices_NeverSaysWhy()
    {
        await Platform.Faults.InjectAsync("worker", "clock-off", new FaultRequest(Strength: 1), Cancellation);
        var shopper = await Platform.Shop.SignInAsync("cedar", "cedar-u05", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);
        await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);

        foreach (var signal in new[] { "spans", "logs" })
        {
            var text = await Platform.Telemetry.Http.GetStringAsync($"/api/telemetry/{signal}?limit=10000", Cancellation);
            Assert.DoesNotMatch(Telltale(), text);
        }
    }

    private async Task<string> ReleaseAsync(Shopper shopper)
    {
        var order = await shopper.PlaceAsync(Cancellation);
        var spans = await Platform.Telemetry.WaitForTraceAsync(
            order.TraceId,
            spans => spans.Contains("orders", "POST /api/orders"),
            "orders' span arrives",
            Cancellation
        );
        return spans.First(span => span.Service == "orders" && span.Name == "POST /api/orders").Release;
    }

    private async Task<(long Keys, long Lines)> OrderLinesAsync()
    {
        await using var database = NpgsqlDataSource.Create(await Platform.DatabaseAsync("ordersdb", Cancellation));
        await using var connection = await database.OpenConnectionAsync(Cancellation);
        return (
            await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM pg_constraint WHERE conname = 'order_lines_pkey'"),
            await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM order_lines")
        );
    }

    [GeneratedRegex(@"\b(faults?|chaos|injected|injection|drill)\b|\bx-\d\d\b", RegexOptions.IgnoreCase)]
    private static partial Regex Telltale();

    [GeneratedRegex("^\\| `[a-z]+` \\| `[a-z-]+` \\|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
