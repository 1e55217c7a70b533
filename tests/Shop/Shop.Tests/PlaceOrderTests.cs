using System.Net;
using System.Text.Json;
using Dapper;
using Platform.Messaging;
using Platform.Orders;
using Platform.Shop.Tests.Support;

namespace Platform.Shop.Tests;

/// <summary>A key's first answer stands, whatever has changed since.</summary>
public sealed class PlaceOrderTests(PostgresServer server) : IAsyncLifetime
{
    private Database _database = null!;
    private OrdersProcess _orders = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await server.CreateDatabaseAsync(typeof(Outbox).Assembly, typeof(Catalog).Assembly);
        _orders = await OrdersProcess.StartAsync(_database);
    }

    public async ValueTask DisposeAsync()
    {
        if (_orders is not null)
        {
            await _orders.DisposeAsync();
        }

        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Repeat_WhateverHasChanged_GetsTheFirstAnswer()
    {
        var key = Guid.NewGuid();
        var first = await _orders.PlaceAsync(key, Body());

        await _database.ExecuteAsync("UPDATE products SET price_minor = price_minor + 1, stock = 0");
        var afterPriceAndStock = await _orders.PlaceAsync(key, Body());
        await _database.ExecuteAsync("DELETE FROM products WHERE sku = 'mug-blue'");
        var afterProduct = await _orders.PlaceAsync(key, Body());

        Assert.Equal(HttpStatusCode.Accepted, first.Status);
        Assert.Equal((first, first), (afterPriceAndStock, afterProduct));
        Assert.Equal((1L, 1L), (await CountAsync("orders"), await CountAsync("outbox")));
    }

    [Fact]
    public async Task Repeat_WhoseCardHasExpiredMeanwhile_GetsTheFirstAnswer()
    {
        var (key, order) = (Guid.NewGuid(), Guid.NewGuid());
        var fingerprint = PlaceOrder.Fingerprint(
            JsonSerializer.Deserialize<PlaceOrderRequest>(Body("01/20"), JsonSerializerOptions.Web)!,
            OrdersProcess.FingerprintKey
        );
        await using (var connection = await _database.Source.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await connection.ExecuteAsync(
                """
                INSERT INTO idempotency (tenant_id, user_id, key, fingerprint, order_id)
                VALUES (@Tenant, @User, @key, @fingerprint, @order)
                """,
                new
                {
                    OrdersProcess.Tenant,
                    OrdersProcess.User,
                    key,
                    fingerprint,
                    order,
                }
            );
        }

        var repeat = await _orders.PlaceAsync(key, Body("01/20"));

        Assert.Equal(HttpStatusCode.Accepted, repeat.Status);
        Assert.Contains(order.ToString(), repeat.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KnownKey_WithAnotherBody_IsRefusedAsReused()
    {
        var key = Guid.NewGuid();
        await _orders.PlaceAsync(key, Body());

        foreach (var other in new[] { Body("11/40"), Body("01/20"), """{"lines":[],"card":null}""", """{"lines":[null]}""" })
        {
            var refused = await _orders.PlaceAsync(key, other);

            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
            Assert.Contains("idempotency_key_reused", refused.Body, StringComparison.Ordinal);
        }

        Assert.Equal(1, await CountAsync("orders"));
    }

    [Theory]
    [InlineData("{\"lines\":")]
    [InlineData("null")]
    [InlineData("")]
    public async Task KnownKey_WithABodyThatIsNoOrder_IsABadRequest(string body)
    {
        var key = Guid.NewGuid();
        await _orders.PlaceAsync(key, Body());

        Assert.Equal(HttpStatusCode.BadRequest, (await _orders.PlaceAsync(key, body)).Status);
    }

    [Fact]
    public async Task NewKey_WithAnInvalidBody_IsABadRequestAndKeepsTheKeyFree()
    {
        var key = Guid.NewGuid();

        Assert.Equal(HttpStatusCode.BadRequest, (await _orders.PlaceAsync(key, Body("01/20"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await _orders.PlaceAsync(key, """{"lines":[null],"card":null}""")).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await _orders.PlaceAsync(key, Body())).Status);
    }

    [Theory]
    [InlineData(
        """{"lines":[{"sku":"mug-blue","quantity":0}],"card":{"number":"4242424242424242","expiry":"12/40","cvc":"123"} }""",
        "lines[0].quantity"
    )]
    [InlineData(
        """{"lines":[{"sku":"mug-blue","quantity":1}],"card":{"number":"4242424242424242","expiry":"01/20","cvc":"123"} }""",
        "card.expiry"
    )]
    [InlineData("""{"card":{"number":"4242424242424241","expiry":"12/40","cvc":"123"} }""", "lines", "card.number")]
    public async Task Order_WithABadField_IsRefusedByItsNameAsSent(string body, params string[] fields)
    {
        var (status, answer) = await _orders.PlaceAsync(Guid.NewGuid(), body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        var errors = JsonDocument.Parse(answer).RootElement.GetProperty("errors");
        Assert.Equal(fields, errors.EnumerateObject().Select(error => error.Name));
        Assert.DoesNotContain("42424242", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Twins_AtOneTime_AreOneOrder()
    {
        var key = Guid.NewGuid();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _orders.PlaceAsync(key, Body())));

        Assert.Equal(HttpStatusCode.Accepted, Assert.Single(answers.Distinct()).Status);
        Assert.Equal(1, await CountAsync("orders"));
    }

    private static string Body(string expiry = "12/40") =>
        $$"""{"lines":[{"sku":"mug-blue","quantity":1}],"card":{"number":"4242424242424242","expiry":"{{expiry}}","cvc":"123"} }""";

    private Task<long> CountAsync(string table) => _database.QueryAsync<long>($"SELECT count(*) FROM {table}");
}
