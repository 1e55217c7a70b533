using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;

namespace Platform.Traffic;

/// <summary>The shop as seen by a browser: sessions, products, orders, with a shopper's retries and timeouts.</summary>
internal sealed class Shop : IDisposable
{
    private const int MaxRetries = 3;

    private static readonly TimeSpan ProductsLifetime = TimeSpan.FromSeconds(60);

    // Longer than a visit that polls to the end, so that no token expires in the middle.
    private static readonly TimeSpan SessionMargin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    // Bounded by the number of users, 96.
    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private readonly LoadCounters _counters;
    private readonly TimeProvider _time;
    private readonly TimeSpan _requestTimeout;
    private readonly HttpClient _http;
    private volatile ProductList? _products;

    public Shop(IOptions<TrafficOptions> options, LoadCounters counters, TimeProvider time)
    {
        _counters = counters;
        _time = time;
        _requestTimeout = options.Value.RequestTimeout;
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                PooledConnectionLifetime = TimeSpan.FromMinutes(1),

                // A browser without tracing: the shop's traces begin at its own front door.
                ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
            }
        )
        {
            BaseAddress = options.Value.GatewayUrl,
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public Uri Address => _http.BaseAddress!;

    /// <summary>Whether the shop responds.</summary>
    public async Task<bool> IsUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await SendOnceAsync(new HttpRequestMessage(HttpMethod.Get, "api/products"), cancellationToken);
            return (int)response.StatusCode < 500;
        }
        catch (Exception exception) when (IsNoAnswer(exception, cancellationToken))
        {
            return false;
        }
    }

    public async Task<Session> SignInAsync(Shopper shopper, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        if (_sessions.TryGetValue(shopper.User, out var known) && known.ExpiresAt - now > SessionMargin)
        {
            return known;
        }

        using var response = await SendAsync(
            () =>
                new HttpRequestMessage(HttpMethod.Post, "api/sessions")
                {
                    Content = JsonContent.Create(new SessionRequest(shopper.Tenant, shopper.User)),
                },
            cancellationToken
        );
        return _sessions[shopper.User] = await ReadAsync<Session>(response, cancellationToken);
    }

    public void SignOut(Shopper shopper) => _sessions.TryRemove(shopper.User, out _);

    public async Task<IReadOnlyList<Product>> ListProductsAsync(Session session, CancellationToken cancellationToken)
    {
        if (_products is { } cached && _time.GetUtcNow() < cached.GoodUntil)
        {
            return cached.Products;
        }

        using var response = await SendAsync(() => Authorized(HttpMethod.Get, "api/products", session), cancellationToken);
        var products = await ReadAsync<List<Product>>(response, cancellationToken);
        _products = new ProductList(products, _time.GetUtcNow() + ProductsLifetime);
        return products;
    }

    public Task<HttpResponseMessage> PlaceOrderAsync(
        Session session,
        Guid idempotencyKey,
        OrderRequest order,
        CancellationToken cancellationToken
    ) =>
        SendAsync(
            () =>
            {
                var request = Authorized(HttpMethod.Post, "api/orders", session);
                request.Headers.Add("Idempotency-Key", idempotencyKey.ToString());
                request.Content = JsonContent.Create(order);
                return request;
            },
            cancellationToken
        );

    /// <summary>Null when there was no valid response this time.</summary>
    public async Task<Order?> FindOrderAsync(Session session, string id, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await SendOnceAsync(
                Authorized(HttpMethod.Get, $"api/orders/{Uri.EscapeDataString(id)}", session),
                cancellationToken
            );
            return response.IsSuccessStatusCode ? await ReadAsync<Order>(response, cancellationToken) : null;
        }
        catch (Exception exception) when (IsNoAnswer(exception, cancellationToken))
        {
            return null;
        }
    }

    public static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<T>(cancellationToken)
            ?? throw new HttpRequestException(HttpRequestError.InvalidResponse, "The shop answered null.");
    }

    /// <summary>A failed connection or a timeout, but not our own shutdown.</summary>
    public static bool IsNoAnswer(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Authorized(HttpMethod method, string path, Session session) =>
        new(method, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", session.Token) } };

    /// <summary>Retries without a response or on 503; a new request with the same idempotency key.</summary>
    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> create, CancellationToken cancellationToken)
    {
        for (var retries = 0; ; retries++)
        {
            TimeSpan? asked = null;
            try
            {
                var response = await SendOnceAsync(create(), cancellationToken);
                if (response.StatusCode != HttpStatusCode.ServiceUnavailable || retries == MaxRetries)
                {
                    return response;
                }

                asked = RetryAfter(response);
                response.Dispose();
            }
            catch (Exception exception) when (retries < MaxRetries && IsNoAnswer(exception, cancellationToken))
            {
                // The last attempt's exception propagates to the visit, which counts it.
            }

            _counters.Retried();
            var pause = asked ?? FirstPause * (1 << retries);
            await Task.Delay(pause < LongestPause ? pause : LongestPause, _time, cancellationToken);
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } when date > _time.GetUtcNow() => date - _time.GetUtcNow(),
            _ => null,
        };

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            using var timeout = new CancellationTokenSource(_requestTimeout, _time);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            return await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, ended.Token);
        }
    }

    private sealed record ProductList(IReadOnlyList<Product> Products, DateTimeOffset GoodUntil);
}
