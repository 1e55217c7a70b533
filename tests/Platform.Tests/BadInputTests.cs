using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aspire.Hosting.Testing;
using Dapper;
using Npgsql;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>Bad input gets a 4xx that names the field and repeats no value; nothing is written, and nothing is a 500.</summary>
public sealed partial class BadInputTests(PlatformFixture platform) : PlatformTest(platform)
{
    private const string GoodCard = """{"number":"4242424242424242","expiry":"12/30","cvc":"123"}""";
    private const string GoodLine = """{"sku":"mug-blue","quantity":1}""";
    private const string GoodLines = $"[{GoodLine}]";

    public static TheoryData<string, string, string> Bodies =>
        new()
        {
            { "no JSON", "", "body" },
            { "broken JSON", "{\"lines\":", "lines" },
            { "not an object", "[]", "body" },
            { "null", "null", "body" },
            { "no lines", $$"""{"card":{{GoodCard}}}""", "lines" },
            { "empty lines", $$"""{"lines":[],"card":{{GoodCard}}}""", "lines" },
            { "null line", $$"""{"lines":[null],"card":{{GoodCard}}}""", "lines" },
            { "no card", $$"""{"lines":{{GoodLines}}}""", "card" },
            { "unknown sku", $$"""{"lines":[{"sku":"no-such-thing","quantity":1}],"card":{{GoodCard}}}""", "lines[0].sku" },
            {
                "two currencies",
                $$"""{"lines":[{"sku":"mug-blue","quantity":1},{"sku":"desk-oak","quantity":1}],"card":{{GoodCard}}}""",
                "lines[1].sku"
            },
            { "quantity 0", $$"""{"lines":[{"sku":"mug-blue","quantity":0}],"card":{{GoodCard}}}""", "lines[0].quantity" },
            { "quantity -1", $$"""{"lines":[{"sku":"mug-blue","quantity":-1}],"card":{{GoodCard}}}""", "lines[0].quantity" },
            { "quantity 10^9", $$"""{"lines":[{"sku":"mug-blue","quantity":1000000000}],"card":{{GoodCard}}}""", "lines[0].quantity" },
            {
                "quantity 10^30",
                $$"""{"lines":[{"sku":"mug-blue","quantity":1000000000000000000000000000000}],"card":{{GoodCard}}}""",
                "lines[0].quantity"
            },
            { "quantity as text", $$"""{"lines":[{"sku":"mug-blue","quantity":"many"}],"card":{{GoodCard}}}""", "lines[0].quantity" },
            { "51 lines", $$"""{"lines":[{{string.Join(',', Enumerable.Repeat(GoodLine, 51))}}],"card":{{GoodCard}}}""", "lines" },
            { "check digit", WithCard("4242424242424241", "12/30", "123"), "card.number" },
            { "letters in the number", WithCard("4242abcd42424242", "12/30", "123"), "card.number" },
            { "expired card", WithCard("4242424242424242", "01/20", "123"), "card.expiry" },
            { "month 13", WithCard("4242424242424242", "13/30", "123"), "card.expiry" },
            { "long cvc", WithCard("4242424242424242", "12/30", "12345"), "card.cvc" },
            { "NUL in a sku", $$"""{"lines":[{"sku":"mug\u0000blue","quantity":1}],"card":{{GoodCard}}}""", "lines[0].sku" },
            { "lone surrogate in a sku", $$"""{"lines":[{"sku":"mug\ud800","quantity":1}],"card":{{GoodCard}}}""", "lines[0].sku" },
            { "5,000 levels", $$"""{"lines":{{new string('[', 5000)}}{{new string(']', 5000)}},"card":{{GoodCard}}}""", "lines" },
        };

    private static string WithCard(string number, string expiry, string cvc) =>
        JsonSerializer.Serialize(
            new
            {
                lines = new[] { new { sku = "mug-blue", quantity = 1 } },
                card = new
                {
                    number,
                    expiry,
                    cvc,
                },
            }
        );

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Order_WithABadBody_IsRefusedByField(string what, string body, string field)
    {
        var before = await OrdersAsync();

        using var response = await SendAsync(body, Guid.NewGuid().ToString());

        var problem = await ProblemAsync(response, what);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.True(
            problem.GetProperty("errors").EnumerateObject().Any(error => error.Name.StartsWith(field, StringComparison.Ordinal)),
            $"{what}: {problem} names {field}"
        );
        Assert.Equal(before, await OrdersAsync());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("not-a-uuid")]
    [InlineData("00000000-0000-0000-0000-00000000000g")]
    public async Task Order_WithoutAGoodKey_IsRefused(string? key)
    {
        using var response = await SendAsync($$"""{"lines":{{GoodLines}},"card":{{GoodCard}}}""", key);

        var problem = await ProblemAsync(response, "key");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.True(problem.GetProperty("errors").TryGetProperty("Idempotency-Key", out _), problem.ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Order_OfOneAndAHalfMegabytes_IsRefused(bool chunked)
    {
        using var request = await RequestAsync(HttpMethod.Post, "/api/orders");
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.ExpectContinue = !chunked;
        request.Content = new StringContent($$"""{"padding":"{{new string('x', 1_500_000)}}"}""", Encoding.UTF8, "application/json");

        using var response = await Platform.Shop.Http.SendAsync(request, Cancellation);

        await ProblemAsync(response, "1.5 MB");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("nonsense")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhY21lLXUwMSIsInRlbmFudCI6ImFjbWUifQ.AAAA")]
    public async Task Order_WithoutAGoodToken_IsUnauthorised(string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/products");
        if (token is not null)
        {
            request.Headers.Add("Authorization", $"Bearer {token}");
        }

        using var response = await Platform.Shop.Http.SendAsync(request, Cancellation);

        await ProblemAsync(response, "token");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Theory]
    [InlineData("DELETE", "/api/orders", HttpStatusCode.MethodNotAllowed)]
    [InlineData("PUT", "/api/products", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/api/orders/not-an-id", HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/orders/../../health", HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/orders/%2e%2e/%2e%2e/health", HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/orders/..%2f..%2fhealth", HttpStatusCode.NotFound)]
    [InlineData("GET", "/health", HttpStatusCode.NotFound)]
    [InlineData("GET", "/alive", HttpStatusCode.NotFound)]
    [InlineData("POST", "/dead-letters/send-again", HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/orders?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/orders?limit=abc", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/orders?cursor=abc", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/api/sessions", HttpStatusCode.BadRequest)]
    public async Task Request_ThatMakesNoSense_IsRefused(string method, string path, HttpStatusCode expected)
    {
        using var request = await RequestAsync(new HttpMethod(method), path);

        using var response = await Platform.Shop.Http.SendAsync(request, Cancellation);

        await ProblemAsync(response, path);
        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task ManagementPaths_WithTheManagementPortInTheHostHeader_StayHidden()
    {
        var port = Platform.App.GetEndpoint("gateway", "management").Port;
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health") { Headers = { Host = $"localhost:{port}" } };

        using var response = await Platform.Shop.Http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData("acme", "birch-u01")]
    [InlineData("nobody", "nobody-u01")]
    public async Task Session_OfAnUnknownUser_IsUnauthorised(string tenant, string user)
    {
        using var content = new StringContent(JsonSerializer.Serialize(new { tenant, user }), Encoding.UTF8, "application/json");

        using var response = await Platform.Shop.Http.PostAsync("/api/sessions", content, Cancellation);

        await ProblemAsync(response, "session");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private async Task<HttpRequestMessage> RequestAsync(HttpMethod method, string path)
    {
        var shopper = await Platform.Shop.SignInAsync("acme", "acme-u06", Cancellation);

        // As given: Uri would resolve dots before anything is sent.
        return new HttpRequestMessage(
            method,
            new Uri(
                Platform.Shop.Http.BaseAddress + path.TrimStart('/'),
                new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }
            )
        )
        {
            Headers = { { "Authorization", $"Bearer {shopper.Token}" } },
        };
    }

    private async Task<HttpResponseMessage> SendAsync(string body, string? key)
    {
        using var request = await RequestAsync(HttpMethod.Post, "/api/orders");
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        }

        return await Platform.Shop.Http.SendAsync(request, Cancellation);
    }

    private static async Task<JsonElement> ProblemAsync(HttpResponseMessage response, string what)
    {
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.True(
            response.Content.Headers.ContentType?.MediaType == "application/problem+json",
            $"{what}: {(int)response.StatusCode} {response.Content.Headers.ContentType}: {text}"
        );

        // Any four digits come up in an id some day.
        var withoutIds = Ids().Replace(text, "id");
        foreach (var secret in new[] { "4242", "\"123\"", "localhost", "Exception", "   at " })
        {
            Assert.DoesNotContain(secret, withoutIds, StringComparison.Ordinal);
        }

        Assert.NotEmpty(response.Headers.GetValues("X-Request-Id").Single());
        Assert.Equal(32, response.Headers.GetValues("X-Trace-Id").Single().Length);
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    [GeneratedRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Ids();

    /// <summary>What the refused requests could have left; what other tests set going may still be adding to the outbox.</summary>
    private async Task<int> OrdersAsync()
    {
        await using var database = NpgsqlDataSource.Create(await Platform.DatabaseAsync("ordersdb", Cancellation));
        await using var connection = await database.OpenConnectionAsync(Cancellation);
        return await connection.ExecuteScalarAsync<int>(
            """
            SELECT (SELECT count(*) FROM orders WHERE user_id = 'acme-u06') + (SELECT count(*) FROM idempotency WHERE user_id = 'acme-u06')
                + (SELECT count(*) FROM outbox WHERE routing_key = 'order.placed')
            """
        );
    }
}
