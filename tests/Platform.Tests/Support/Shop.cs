using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Platform.Tests.Support;

public sealed record Line(string Sku, int Quantity);

public sealed record CardInput(string Number, string Expiry, string Cvc)
{
    public static readonly CardInput Valid = new("4242424242424242", "12/30", "123");

    /// <summary>The acquirer declines it, always.</summary>
    public static readonly CardInput Declined = new("4000000000000002", "12/30", "123");
}

public sealed record PlacedOrder(Guid Id, string TraceId, string RequestId, HttpStatusCode Status);

public sealed record OrderView(
    Guid Id,
    string Status,
    long TotalMinor,
    string Currency,
    IReadOnlyList<Line> Lines,
    DateTimeOffset CreatedAt,
    string? DeclineReason
);

public sealed record OrderPage(IReadOnlyList<OrderView> Items, Guid? NextCursor);

/// <summary>The public API of the platform, as its users see it.</summary>
public sealed class Shop(Uri gateway)
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// No trace headers of its own, unless a test sends one: a browser of our users. A body that is too large is refused by its length, if
    /// the request asks first (Expect: 100-continue); otherwise the server closes the connection under it, and the answer may be lost.
    /// </summary>
    public HttpClient Http { get; } =
        new(
            new SocketsHttpHandler
            {
                ActivityHeadersPropagator = null,
                MaxConnectionsPerServer = 200,
                Expect100ContinueTimeout = RequestTimeout,
            }
        )
        {
            BaseAddress = gateway,
            Timeout = RequestTimeout,
        };

    public async Task<Shopper> SignInAsync(string tenant, string user, CancellationToken cancellationToken)
    {
        using var response = await Http.PostAsJsonAsync("/api/sessions", new { tenant, user }, cancellationToken);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var session = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return new Shopper(Http, session.GetProperty("token").GetString()!);
    }
}

/// <summary>A signed-in user.</summary>
public sealed class Shopper(HttpClient http, string token)
{
    public string Token => token;

    private const int MaxAttempts = 10;

    public static readonly Line[] OneMug = [new("mug-blue", 1)];

    public HttpRequestMessage Request(HttpMethod method, string path, object? body = null)
    {
        var request = new HttpRequestMessage(method, path) { Headers = { { "Authorization", $"Bearer {token}" } } };
        if (body is not null)
        {
            request.Content = JsonContent.Create(body);
        }

        return request;
    }

    public async Task<HttpResponseMessage> SendOrderAsync(
        Line[] lines,
        CardInput card,
        Guid key,
        CancellationToken cancellationToken,
        params (string Name, string Value)[] headers
    )
    {
        using var request = Request(HttpMethod.Post, "/api/orders", new { lines, card });
        request.Headers.Add("Idempotency-Key", key.ToString());
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await http.SendAsync(request, cancellationToken);
    }

    /// <summary>
    /// Sends an order, and after a 503 again as its Retry-After asks: on a busy machine a wait for one of the database's connections may
    /// end so.
    /// </summary>
    public async Task<HttpResponseMessage> OrderAsync(
        Line[] lines,
        CardInput card,
        Guid key,
        CancellationToken cancellationToken,
        params (string Name, string Value)[] headers
    )
    {
        var response = await SendOrderAsync(lines, card, key, cancellationToken, headers);
        for (
            var attempt = 1;
            attempt < MaxAttempts && response is { StatusCode: HttpStatusCode.ServiceUnavailable, Headers.RetryAfter.Delta: { } delay };
            attempt++
        )
        {
            response.Dispose();
            await Task.Delay(delay, cancellationToken);
            response = await SendOrderAsync(lines, card, key, cancellationToken, headers);
        }

        return response;
    }

    /// <summary>Places an order that must be accepted.</summary>
    public async Task<PlacedOrder> PlaceAsync(
        CancellationToken cancellationToken,
        Line[]? lines = null,
        CardInput? card = null,
        Guid? key = null,
        params (string Name, string Value)[] headers
    )
    {
        using var response = await OrderAsync(lines ?? OneMug, card ?? CardInput.Valid, key ?? Guid.NewGuid(), cancellationToken, headers);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.Accepted, $"{(int)response.StatusCode}: {text}");
        return new PlacedOrder(
            JsonSerializer.Deserialize<JsonElement>(text).GetProperty("id").GetGuid(),
            response.Headers.GetValues("X-Trace-Id").Single(),
            response.Headers.GetValues("X-Request-Id").Single(),
            response.StatusCode
        );
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var request = Request(method, path);
        return await http.SendAsync(request, cancellationToken);
    }

    public async Task<OrderView?> GetAsync(Guid id, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, $"/api/orders/{id}");
        using var response = await http.SendAsync(request, cancellationToken);
        return response.StatusCode == HttpStatusCode.OK ? await response.Content.ReadFromJsonAsync<OrderView>(cancellationToken) : null;
    }

    public async Task<OrderPage> ListAsync(string query, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, $"/api/orders{query}");
        using var response = await http.SendAsync(request, cancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<OrderPage>(cancellationToken))!;
    }

    public async Task<OrderView> WaitForAsync(Guid id, string status, CancellationToken cancellationToken, TimeSpan? timeout = null) =>
        (
            await Eventually.GetAsync(
                () => GetAsync(id, cancellationToken),
                order => order?.Status == status,
                $"order {id} is {status}",
                timeout
            )
        )!;
}
