using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Platform.Bench;

/// <summary>An order, and the token that may query it.</summary>
internal sealed record Placed(string Token, Guid Id);

/// <summary>Users who place orders back to back.</summary>
internal sealed class Buyers : IDisposable
{
    // All are well stocked, and four rows cause less contention than one.
    private static readonly string[] Products = ["mug-blue", "mug-steel", "beans-dark", "beans-light"];

    private readonly HttpClient _http;
    private readonly List<string> _tokens = [];

    private Buyers(Uri gateway, int count) =>
        _http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null, MaxConnectionsPerServer = count })
        {
            BaseAddress = gateway,
        };

    public static async Task<Buyers> SignInAsync(Uri gateway, int count, CancellationToken cancellationToken)
    {
        var buyers = new Buyers(gateway, count);

        for (var number = 1; number <= count; number++)
        {
            using var response = await buyers._http.PostAsJsonAsync(
                "/api/sessions",
                new { tenant = "cedar", user = $"cedar-u{(number - 1) % 12 + 1:00}" },
                cancellationToken
            );
            response.EnsureSuccessStatusCode();
            buyers._tokens.Add(
                (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("token").GetString()!
            );
        }

        return buyers;
    }

    /// <summary>Returns when the last one is accepted.</summary>
    public async Task<(TimeSpan Time, IReadOnlyCollection<Placed> Orders)> PlaceAsync(int orders, CancellationToken cancellationToken)
    {
        var left = orders;
        var placed = new ConcurrentBag<Placed>();
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(
            _tokens.Select(async token =>
            {
                while (Interlocked.Decrement(ref left) is var number and >= 0)
                {
                    placed.Add(new Placed(token, await PlaceAsync(token, Products[number % Products.Length], cancellationToken)));
                }
            })
        );
        return (clock.Elapsed, placed);
    }

    public async Task FulfilledAsync(IEnumerable<Placed> orders, CancellationToken cancellationToken)
    {
        foreach (var (token, id) in orders)
        {
            await FulfilledAsync(token, id, cancellationToken);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<Guid> PlaceAsync(string token, string product, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/orders")
        {
            Headers = { { "Authorization", $"Bearer {token}" }, { "Idempotency-Key", Guid.NewGuid().ToString() } },
            Content = JsonContent.Create(
                new
                {
                    lines = new[] { new { sku = product, quantity = 1 } },
                    card = new
                    {
                        number = "4242424242424242",
                        expiry = "12/30",
                        cvc = "123",
                    },
                }
            ),
        };
        using var response = await _http.SendAsync(request, cancellationToken);

        // Any other response would be faster, and is not what is measured.
        return response.StatusCode == HttpStatusCode.Accepted
            ? (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetGuid()
            : throw new InvalidOperationException(
                $"An order was answered with {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}"
            );
    }

    private async Task FulfilledAsync(string token, Guid id, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));

        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/orders/{id}")
            {
                Headers = { { "Authorization", $"Bearer {token}" } },
            };
            using var response = await _http.SendAsync(request, cancellationToken);
            var order = await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(cancellationToken);

            if (order.GetProperty("status").GetString() is "fulfilled" or "declined")
            {
                return;
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }
}
