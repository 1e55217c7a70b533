using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Platform.Bench;

namespace Platform.Soak;

/// <summary>
/// Users of several tenants who order at a steady rate. A request that fails with 5xx, 429 or without a response is retried with the same
/// Idempotency-Key, as in the contract, until it is accepted or abandoned.
/// </summary>
internal sealed class Shoppers : IDisposable
{
    private static readonly string[] Tenants = ["acme", "cedar", "ember"];
    private static readonly string[] Products = ["mug-blue", "mug-steel", "beans-dark", "beans-light"];
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient _http;
    private readonly List<string> _tokens = [];
    private readonly ConcurrentBag<Guid> _accepted = [];
    private readonly ConcurrentDictionary<string, int> _refused = new();

    // Held to pause orders, and briefly by each order.
    private readonly SemaphoreSlim _held = new(1);
    private int _underWay;
    private int _placed;
    private int _repeats;
    private int _givenUp;

    private Shoppers(Uri gateway) =>
        _http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null })
        {
            BaseAddress = gateway,
            Timeout = TimeSpan.FromSeconds(15),
        };

    public IReadOnlyCollection<Guid> Accepted => _accepted;

    public static async Task<Shoppers> SignInAsync(Uri gateway, CancellationToken cancellationToken)
    {
        var shoppers = new Shoppers(gateway);
        foreach (var (tenant, number) in Tenants.SelectMany(tenant => Enumerable.Range(1, 8).Select(number => (tenant, number))))
        {
            using var response = await shoppers._http.PostAsJsonAsync(
                "/api/sessions",
                new { tenant, user = $"{tenant}-u{number:00}" },
                cancellationToken
            );
            response.EnsureSuccessStatusCode();
            var session = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            shoppers._tokens.Add(session.GetProperty("token").GetString()!);
        }

        return shoppers;
    }

    /// <summary>Places orders until the end, and waits for those in flight.</summary>
    public async Task PlaceAsync(int rate, CancellationToken end, CancellationToken cancellationToken)
    {
        // Bounded by the rate and the time after which an order is given up.
        var underWay = new List<Task>();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / rate));
        try
        {
            while (await timer.WaitForNextTickAsync(end))
            {
                await _held.WaitAsync(end);
                Interlocked.Increment(ref _underWay);
                _held.Release();
                var number = _placed++;
                underWay.Add(PlaceOneAsync(_tokens[number % _tokens.Count], Products[number % Products.Length], cancellationToken));
                underWay.RemoveAll(order => order.IsCompletedSuccessfully);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over.
        }

        await Task.WhenAll(underWay);
    }

    public void Add(Report report)
    {
        report.Add("orders placed", $"{_placed:N0}", $"{_repeats:N0} requests were sent again with the same key");
        report.Add("orders accepted", $"{_accepted.Count:N0}", $"{_givenUp:N0} given up after {GiveUpAfter.TotalMinutes:0} min");
        foreach (var (answer, count) in _refused.OrderByDescending(refused => refused.Value))
        {
            report.Add($"  answers of {answer}", $"{count:N0}");
        }
    }

    /// <summary>Pauses orders until disposed; none is in flight when this returns.</summary>
    public async Task<IDisposable> HoldAsync(CancellationToken cancellationToken)
    {
        await _held.WaitAsync(cancellationToken);
        var hold = new Hold(_held);
        try
        {
            while (Volatile.Read(ref _underWay) > 0)
            {
                await Task.Delay(PollInterval, cancellationToken);
            }
        }
        catch
        {
            hold.Dispose();
            throw;
        }

        return hold;
    }

    public void Dispose()
    {
        _http.Dispose();
        _held.Dispose();
    }

    private async Task PlaceOneAsync(string token, string product, CancellationToken cancellationToken)
    {
        try
        {
            await PlaceUntilAcceptedAsync(token, product, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private async Task PlaceUntilAcceptedAsync(string token, string product, CancellationToken cancellationToken)
    {
        var key = Guid.NewGuid().ToString();
        var deadline = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(deadline) < GiveUpAfter)
        {
            var (answer, id) = await SendAsync(token, key, product, cancellationToken);
            if (id is { } accepted)
            {
                _accepted.Add(accepted);
                return;
            }

            _refused.AddOrUpdate(answer, 1, (_, count) => count + 1);
            Interlocked.Increment(ref _repeats);
            await Task.Delay(Wait, cancellationToken);
        }

        Interlocked.Increment(ref _givenUp);
    }

    private async Task<(string Answer, Guid? Id)> SendAsync(string token, string key, string product, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/orders")
        {
            Headers = { { "Authorization", $"Bearer {token}" }, { "Idempotency-Key", key } },
            Content = JsonContent.Create(
                new
                {
                    lines = new[] { new { sku = product, quantity = 1 } },
                    card = new
                    {
                        number = "4242424242424242",
                        expiry = "12/40",
                        cvc = "123",
                    },
                }
            ),
        };
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            return response.StatusCode == HttpStatusCode.Accepted
                ? ("", (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetGuid())
                : ($"{(int)response.StatusCode}", null);
        }
        catch (HttpRequestException exception)
        {
            return (exception.HttpRequestError.ToString(), null);
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ("time-out", null);
        }
    }

    private sealed class Hold(SemaphoreSlim held) : IDisposable
    {
        public void Dispose() => held.Release();
    }
}
