using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Npgsql;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>What happens to an order, seen through the public API.</summary>
public sealed class OrderFlowTests(PlatformFixture platform) : PlatformTest(platform)
{
    [Fact]
    public async Task Order_WithAGoodCard_IsPaidAndFulfilled()
    {
        var shopper = await Platform.Shop.SignInAsync("acme", "acme-u04", Cancellation);

        var placed = await shopper.PlaceAsync(Cancellation, [new("mug-blue", 2), new("kettle", 1)]);

        var order = await shopper.WaitForAsync(placed.Id, "fulfilled", Cancellation);
        Assert.Equal((2 * 1250) + 6400, order.TotalMinor);
        Assert.Equal("USD", order.Currency);
        Assert.Equal([new Line("mug-blue", 2), new Line("kettle", 1)], order.Lines);
        Assert.InRange(order.CreatedAt, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(1));
    }

    [Fact]
    public async Task Order_WithADeclinedCard_IsDeclinedAndItsStockReleased()
    {
        var shopper = await Platform.Shop.SignInAsync("acme", "acme-u05", Cancellation);
        await using var database = NpgsqlDataSource.Create(await Platform.DatabaseAsync("ordersdb", Cancellation));
        var before = await StockAsync(database, "grinder");

        var placed = await shopper.PlaceAsync(Cancellation, [new("grinder", 3)], CardInput.Declined);

        var order = await shopper.WaitForAsync(placed.Id, "declined", Cancellation);
        Assert.Equal("card_declined", order.DeclineReason);
        Assert.Equal(before, await StockAsync(database, "grinder"));
    }

    [Fact]
    public async Task Key_SentAgainWithTheSameBody_GetsTheFirstAnswer()
    {
        var shopper = await Platform.Shop.SignInAsync("birch", "birch-u03", Cancellation);
        var key = Guid.NewGuid();
        var first = await shopper.PlaceAsync(Cancellation, key: key);

        var again = await shopper.PlaceAsync(Cancellation, key: key);

        Assert.Equal(first.Id, again.Id);
    }

    [Fact]
    public async Task Key_SentTwentyTimesAtOnce_MakesOneOrder()
    {
        var shopper = await Platform.Shop.SignInAsync("birch", "birch-u04", Cancellation);
        var key = Guid.NewGuid();

        var orders = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => shopper.PlaceAsync(Cancellation, key: key)));

        var id = Assert.Single(orders.Select(order => order.Id).Distinct());
        await shopper.WaitForAsync(id, "fulfilled", Cancellation);
        Assert.Single(await PaymentsOfAsync(id));
    }

    [Fact]
    public async Task Key_SentWithAnotherBody_IsRefused()
    {
        var shopper = await Platform.Shop.SignInAsync("birch", "birch-u05", Cancellation);
        var key = Guid.NewGuid();
        await shopper.PlaceAsync(Cancellation, key: key);

        using var response = await shopper.SendOrderAsync([new("mug-blue", 2)], CardInput.Valid, key, Cancellation);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal(
            "Idempotency-Key",
            (await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("field").GetString()
        );
    }

    [Fact]
    public async Task Key_OfAnotherUser_IsAnotherKey()
    {
        var first = await Platform.Shop.SignInAsync("birch", "birch-u06", Cancellation);
        var second = await Platform.Shop.SignInAsync("birch", "birch-u07", Cancellation);
        var key = Guid.NewGuid();

        var orders = new[] { await first.PlaceAsync(Cancellation, key: key), await second.PlaceAsync(Cancellation, key: key) };

        Assert.NotEqual(orders[0].Id, orders[1].Id);
    }

    [Fact]
    public async Task Order_OfAnotherTenant_IsNotFoundAndNotListed()
    {
        var owner = await Platform.Shop.SignInAsync("cedar", "cedar-u03", Cancellation);
        var stranger = await Platform.Shop.SignInAsync("dune", "dune-u03", Cancellation);

        var placed = await owner.PlaceAsync(Cancellation);

        Assert.NotNull(await owner.GetAsync(placed.Id, Cancellation));
        Assert.Null(await stranger.GetAsync(placed.Id, Cancellation));
        Assert.DoesNotContain((await stranger.ListAsync("?limit=100", Cancellation)).Items, order => order.Id == placed.Id);
    }

    [Fact]
    public async Task List_OfATenant_IsNewestFirstAndPaged()
    {
        var shopper = await Platform.Shop.SignInAsync("ember", "ember-u05", Cancellation);
        var placed = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            placed.Insert(0, (await shopper.PlaceAsync(Cancellation)).Id);
        }

        var first = await shopper.ListAsync("?limit=3", Cancellation);
        var second = await shopper.ListAsync($"?limit=2&cursor={first.NextCursor}", Cancellation);

        Assert.Equal(placed, first.Items.Concat(second.Items).Select(order => order.Id));
    }

    [Fact]
    public async Task LastUnit_WantedByFiftyBuyers_IsSoldOnce()
    {
        await using var database = NpgsqlDataSource.Create(await Platform.DatabaseAsync("ordersdb", Cancellation));
        await SetStockAsync(database, "desk-oak", 1);
        try
        {
            var shopper = await Platform.Shop.SignInAsync("fjord", "fjord-u02", Cancellation);

            var answers = await Task.WhenAll(
                Enumerable.Range(0, 50).Select(_ => shopper.OrderAsync([new("desk-oak", 1)], CardInput.Valid, Guid.NewGuid(), Cancellation))
            );

            Assert.Equal(1, answers.Count(answer => answer.StatusCode == HttpStatusCode.Accepted));
            Assert.Equal(49, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
            var refused = await answers
                .First(answer => answer.StatusCode == HttpStatusCode.Conflict)
                .Content.ReadFromJsonAsync<JsonElement>(Cancellation);
            Assert.Equal("out_of_stock", refused.GetProperty("code").GetString());
            Assert.Equal(0, await StockAsync(database, "desk-oak"));
        }
        finally
        {
            await SetStockAsync(database, "desk-oak", 150);
        }
    }

    [Fact]
    public async Task Acquirer_TimingOutAfterItCharged_LeadsToOneCharge()
    {
        var shopper = await Platform.Shop.SignInAsync("grove", "grove-u02", Cancellation);
        await Platform.CommandAsync("acquirer", "timing-out", Cancellation);
        PlacedOrder placed;
        try
        {
            placed = await shopper.PlaceAsync(Cancellation);
            await Eventually.TrueAsync(
                async () =>
                    (await Platform.Acquirer.CapturedAsync(Cancellation)).ContainsKey((await PaymentsOfAsync(placed.Id)).SingleOrDefault()),
                "the acquirer has charged"
            );
        }
        finally
        {
            await Platform.CommandAsync("acquirer", "normal", Cancellation);
        }

        await shopper.WaitForAsync(placed.Id, "fulfilled", Cancellation, TimeSpan.FromSeconds(60));
        var payment = Assert.Single(await PaymentsOfAsync(placed.Id));
        Assert.Equal(1250, (await Platform.Acquirer.CapturedAsync(Cancellation))[payment]);
    }

    [Fact]
    public async Task TimeToPay_RunningOutWhileTheOutcomeIsUnknown_DeclinesAndBarsTheKey()
    {
        var shopper = await Platform.Shop.SignInAsync("grove", "grove-u03", Cancellation);
        await Platform.CommandAsync("acquirer", "failing", Cancellation);
        PlacedOrder placed;
        try
        {
            placed = await shopper.PlaceAsync(Cancellation);

            // Between attempts: one under way goes by the time that it was claimed with.
            await using var database = NpgsqlDataSource.Create(await Platform.DatabaseAsync("paymentsdb", Cancellation));
            await using var command = database.CreateCommand(
                "UPDATE payments SET pay_by = now() WHERE order_id = $1 AND attempts > 0 AND lease_until IS NULL"
            );
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = placed.Id });
            await Eventually.TrueAsync(async () => await command.ExecuteNonQueryAsync(Cancellation) == 1, "payments has asked in vain");
        }
        finally
        {
            await Platform.CommandAsync("acquirer", "normal", Cancellation);
        }

        var order = await shopper.WaitForAsync(placed.Id, "declined", Cancellation, TimeSpan.FromSeconds(60));
        Assert.Equal("expired", order.DeclineReason);
        Assert.DoesNotContain(Assert.Single(await PaymentsOfAsync(placed.Id)), await Platform.Acquirer.CapturedAsync(Cancellation));
    }

    [Theory]
    [InlineData("slow")]
    [InlineData("flaky")]
    public async Task Acquirer_Misbehaving_ChangesNoLedger(string preset)
    {
        var books = await Books.OpenAsync(Platform, Cancellation);
        var shopper = await Platform.Shop.SignInAsync("harbor", "harbor-u02", Cancellation);
        PlacedOrder[] orders;
        await Platform.Acquirer.BehaveAsync(preset, Cancellation);
        try
        {
            orders = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => shopper.PlaceAsync(Cancellation)));

            // Each has been tried while it misbehaves. How long one that fails by chance has bad luck, no limit holds for.
            await using var database = NpgsqlDataSource.Create(await Platform.DatabaseAsync("paymentsdb", Cancellation));
            await using var tried = database.CreateCommand("SELECT count(*) FROM payments WHERE order_id = ANY ($1) AND attempts > 0");
            tried.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. orders.Select(order => order.Id)] });
            await Eventually.TrueAsync(
                async () => (long)(await tried.ExecuteScalarAsync(Cancellation))! == orders.Length,
                "payments has tried to charge each"
            );
        }
        finally
        {
            await Platform.Acquirer.BehaveAsync("normal", Cancellation);
        }

        await Task.WhenAll(orders.Select(order => shopper.WaitForAsync(order.Id, "fulfilled", Cancellation, TimeSpan.FromSeconds(80))));
        await books.MustBalanceAsync(Cancellation);
    }

    [Fact]
    public async Task Llm_Failing_DelaysAndThenFulfilsWithoutANote()
    {
        var shopper = await Platform.Shop.SignInAsync("harbor", "harbor-u03", Cancellation);
        await Platform.CommandAsync("llm", "failing", Cancellation);
        try
        {
            var placed = await shopper.PlaceAsync(Cancellation);

            await shopper.WaitForAsync(placed.Id, "fulfilled", Cancellation);
        }
        finally
        {
            await Platform.CommandAsync("llm", "normal", Cancellation);
        }
    }

    private async Task<IReadOnlyList<Guid>> PaymentsOfAsync(Guid order)
    {
        await using var database = NpgsqlDataSource.Create(await Platform.DatabaseAsync("paymentsdb", Cancellation));
        await using var connection = await database.OpenConnectionAsync(Cancellation);
        return (await connection.QueryAsync<Guid>("SELECT id FROM payments WHERE order_id = @order", new { order })).AsList();
    }

    private static async Task<int> StockAsync(NpgsqlDataSource database, string sku)
    {
        await using var connection = await database.OpenConnectionAsync(Cancellation);
        return await connection.ExecuteScalarAsync<int>("SELECT stock FROM products WHERE sku = @sku", new { sku });
    }

    /// <summary>With the books: what is taken off the shelf by a test was never supplied.</summary>
    private static async Task SetStockAsync(NpgsqlDataSource database, string sku, int stock)
    {
        await using var connection = await database.OpenConnectionAsync(Cancellation);
        await connection.ExecuteAsync(
            "UPDATE products SET supplied = supplied + @stock - stock, stock = @stock, target_stock = @stock WHERE sku = @sku",
            new { sku, stock }
        );
    }
}
