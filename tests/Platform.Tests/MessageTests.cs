using System.Text;
using System.Text.Json;
using Dapper;
using Npgsql;
using Platform.Contracts;
using Platform.Tests.Support;
using RabbitMQ.Client;

namespace Platform.Tests;

/// <summary>Messages that come twice, and messages that can never be handled.</summary>
public sealed class MessageTests(PlatformFixture platform) : PlatformTest(platform)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    [Fact]
    public async Task Message_DeliveredAgain_HasOneEffect()
    {
        var shopper = await Platform.Shop.SignInAsync("cedar", "cedar-u05", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);
        await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);
        var (id, body) = await PublishedAsync("paymentsdb", "payment.captured", order.Id);

        await PublishAsync("payments", "payment.captured", id, body);
        await PublishAsync("payments", "payment.captured", id, body);

        // A message behind it in the same queue: when its order is paid, the repeats have been handled.
        var next = await shopper.PlaceAsync(Cancellation);
        await shopper.WaitForAsync(next.Id, "fulfilled", Cancellation);
        Assert.Equal("fulfilled", (await shopper.GetAsync(order.Id, Cancellation))?.Status);
        Assert.Equal(
            1,
            await CountAsync(
                "ordersdb",
                "SELECT count(*) FROM outbox WHERE routing_key = 'order.paid' AND convert_from(body, 'UTF8') LIKE '%' || @order || '%'",
                order.Id
            )
        );
        Assert.Equal(1, await CountAsync("ordersdb", "SELECT count(*) FROM inbox WHERE message_id = @order", id));
        Assert.Equal(1, await CountAsync("workerdb", "SELECT count(*) FROM receipts WHERE order_id::text = @order", order.Id));
    }

    [Fact]
    public async Task Message_ThatCannotBeHandled_GoesToTheDeadLettersAndCanBeSentAgain()
    {
        var missing = Guid.CreateVersion7();
        var messageId = Guid.CreateVersion7();
        var body = JsonSerializer.SerializeToUtf8Bytes(new PaymentDeclined(missing, Guid.NewGuid(), "card_declined"), Json);

        await PublishAsync("payments", "payment.declined", messageId, body);

        var letter = (
            await Eventually.GetAsync(
                () => DeadLetterBox.ListAsync(Platform, "orders", Cancellation),
                letters => letters.Any(letter => letter.GetProperty("messageId").GetString() == messageId.ToString()),
                "the message is a dead letter"
            )
        ).Single(letter => letter.GetProperty("messageId").GetString() == messageId.ToString());
        Assert.Equal("orders.payment-declined", letter.GetProperty("queue").GetString());
        Assert.DoesNotContain(missing.ToString(), letter.ToString(), StringComparison.Ordinal);

        // The cause is mended: the order exists now.
        await InsertOrderAsync(missing);
        await Platform.CommandAsync("orders", "send-dead-letters-again", Cancellation);
        await Eventually.TrueAsync(
            async () =>
                await CountAsync("ordersdb", "SELECT count(*) FROM orders WHERE id::text = @order AND status = 'declined'", missing) == 1,
            "the order is declined"
        );
        Assert.DoesNotContain(
            await DeadLetterBox.ListAsync(Platform, "orders", Cancellation),
            letter => letter.GetProperty("messageId").GetString() == messageId.ToString()
        );
    }

    [Theory]
    [InlineData("not JSON at all")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"orderId":"no uuid"}""")]
    public async Task Message_ThatCannotBeRead_GoesToTheDeadLettersAtOnce(string body)
    {
        var messageId = Guid.CreateVersion7();

        await PublishAsync("orders", "order.placed", messageId, Encoding.UTF8.GetBytes(body));

        await Eventually.GetAsync(
            () => DeadLetterBox.ListAsync(Platform, "payments", Cancellation),
            letters =>
                letters.Any(letter =>
                    letter.GetProperty("messageId").GetString() == messageId.ToString()
                    && letter.GetProperty("reason").GetString() == "rejected"
                ),
            "the message is a dead letter"
        );
        await PurgeAsync("payments.order-placed.dead");
    }

    private async Task<(Guid Id, byte[] Body)> PublishedAsync(string database, string routingKey, Guid order)
    {
        await using var source = NpgsqlDataSource.Create(await Platform.DatabaseAsync(database, Cancellation));
        await using var connection = await source.OpenConnectionAsync(Cancellation);
        return await connection.QuerySingleAsync<(Guid, byte[])>(
            "SELECT id, body FROM outbox WHERE routing_key = @routingKey AND convert_from(body, 'UTF8') LIKE '%' || @order || '%'",
            new { routingKey, order = order.ToString() }
        );
    }

    private async Task<long> CountAsync(string database, string sql, Guid order)
    {
        await using var source = NpgsqlDataSource.Create(await Platform.DatabaseAsync(database, Cancellation));
        await using var connection = await source.OpenConnectionAsync(Cancellation);
        return await connection.ExecuteScalarAsync<long>(sql, new { order = order.ToString() });
    }

    /// <summary>An order with its unit reserved, as placing one would leave it; declined, it gives the unit back.</summary>
    private async Task InsertOrderAsync(Guid id)
    {
        await using var source = NpgsqlDataSource.Create(await Platform.DatabaseAsync("ordersdb", Cancellation));
        await using var connection = await source.OpenConnectionAsync(Cancellation);
        await connection.ExecuteAsync(
            """
            INSERT INTO orders (id, tenant_id, user_id, status, total_minor, currency, items, card_network, card_last4)
            VALUES (@id, 'acme', 'acme-u01', 'pending', 1250, 'USD', 1, 'visa', '4242');
            INSERT INTO order_lines (order_id, line, sku, quantity, price_minor) VALUES (@id, 1, 'mug-blue', 1, 1250);
            UPDATE products SET stock = stock - 1 WHERE sku = 'mug-blue';
            """,
            new { id }
        );
    }

    private async Task PublishAsync(string exchange, string routingKey, Guid messageId, byte[] body)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancellation);
        var properties = new BasicProperties { MessageId = messageId.ToString(), Persistent = true };
        await channel.BasicPublishAsync(exchange, routingKey, mandatory: true, properties, body, Cancellation);
    }

    private async Task PurgeAsync(string queue)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        await channel.QueuePurgeAsync(queue, Cancellation);
    }

    private async Task<IConnection> ConnectAsync() =>
        await new ConnectionFactory { Uri = new Uri(await Platform.DatabaseAsync("rabbitmq", Cancellation)) }.CreateConnectionAsync(
            Cancellation
        );
}
