using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using Npgsql;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>The acquirer's events: signed, counted once, and in a trace of their own.</summary>
public sealed class WebhookTests(PlatformFixture platform) : PlatformTest(platform)
{
    [Fact]
    public async Task Event_Signed_IsTakenAndSoIsItsRepeat()
    {
        var id = $"evt_{Guid.NewGuid():N}";
        var body = JsonSerializer.Serialize(
            new
            {
                id,
                type = "charge.captured",
                data = new { idempotencyKey = Guid.NewGuid() },
            }
        );

        using var first = await SendAsync(body, DateTimeOffset.UtcNow);
        using var repeat = await SendAsync(body, DateTimeOffset.UtcNow);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, repeat.StatusCode));
        await using var database = NpgsqlDataSource.Create(await Platform.DatabaseAsync("paymentsdb", Cancellation));
        await using var connection = await database.OpenConnectionAsync(Cancellation);
        Assert.Equal(
            1,
            await connection.ExecuteScalarAsync<long>(
                "SELECT count(*) FROM inbox WHERE queue = 'webhooks.acquirer' AND message_id = @id",
                new { id }
            )
        );
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, -6)]
    [InlineData(true, 6)]
    public async Task Event_UnsignedOrOutOfTime_IsUnauthorised(bool withOurSecret, int minutes)
    {
        const string body = """{"id":"evt_1","type":"charge.captured"}""";

        using var response = await SendAsync(
            body,
            DateTimeOffset.UtcNow.AddMinutes(minutes),
            withOurSecret ? Platform.WebhookSecret : "another secret of that length"
        );

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("{}")]
    [InlineData("""{"id":"","type":"charge.captured"}""")]
    public async Task Event_SignedAndUnreadable_IsABadRequest(string body)
    {
        using var response = await SendAsync(body, DateTimeOffset.UtcNow);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Event_LargerThanAnyOfTheAcquirers_IsRefusedUnread(bool chunked)
    {
        // Again and again: it must not depend on whether the answer or the end of a chunked body comes first.
        for (var time = 0; time < 30; time++)
        {
            using var request = Request(new string(' ', 65 * 1024), DateTimeOffset.UtcNow);
            request.Headers.TransferEncodingChunked = chunked;
            request.Headers.ExpectContinue = !chunked;
            using var response = await Platform.Shop.Http.SendAsync(request, Cancellation);

            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        }
    }

    [Fact]
    public async Task Event_OfACharge_IsATraceOfItsOwnThatLinksToTheOrder()
    {
        var shopper = await Platform.Shop.SignInAsync("ember", "ember-u08", Cancellation);

        // The answer is held back: only while the payment is due does its event concern anyone.
        await Platform.CommandAsync("acquirer", "timing-out", Cancellation);
        PlacedOrder order;
        Span webhook;
        try
        {
            order = await shopper.PlaceAsync(Cancellation);
            var spans = await Platform.Telemetry.WaitForSpanAsync(order.TraceId, "process payments.order-placed", Cancellation);
            webhook = await Platform.Telemetry.WaitForLinkAsync(
                [.. spans.Where(span => span.Name == "process payments.order-placed")],
                Cancellation
            );
        }
        finally
        {
            await Platform.CommandAsync("acquirer", "normal", Cancellation);
        }

        Assert.Equal(("payments", "POST /webhooks/acquirer"), (webhook.Service, webhook.Name));
        Assert.NotEqual(order.TraceId, webhook.TraceId);
        Assert.Equal(order.Id.ToString(), webhook["platform.order.id"]);

        // The first, unless this machine stood still.
        Assert.True(int.Parse(webhook["platform.delivery.attempt"]!, System.Globalization.CultureInfo.InvariantCulture) >= 1);
        await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation, TimeSpan.FromSeconds(60));
    }

    private async Task<HttpResponseMessage> SendAsync(string body, DateTimeOffset time, string? secret = null)
    {
        using var request = Request(body, time, secret);
        return await Platform.Shop.Http.SendAsync(request, Cancellation);
    }

    private HttpRequestMessage Request(string body, DateTimeOffset time, string? secret = null)
    {
        var timestamp = time.ToUnixTimeSeconds();
        var signature = Convert.ToHexStringLower(
            HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret ?? Platform.WebhookSecret), Encoding.UTF8.GetBytes($"{timestamp}.{body}"))
        );
        return new HttpRequestMessage(HttpMethod.Post, "/webhooks/acquirer")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
            Headers = { { "Acquirer-Signature", $"t={timestamp},v1={signature}" } },
        };
    }
}
