using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Platform.Outside.Tests.Support;

internal sealed record PlacedOrder(string User, Guid Key, string Card, IReadOnlyDictionary<string, string> Headers, int Articles);

/// <summary>The shop's public API, answering what the test says.</summary>
internal sealed class FakeGateway
{
    public ConcurrentQueue<PlacedOrder> Orders { get; } = new();

    public ConcurrentQueue<string> Sessions { get; } = new();

    public TaskCompletionSource? NeverAnswers { get; set; }

    public Func<int, IResult> Place { get; set; } = number => Accepted(number);

    public string FinalStatus { get; set; } = "paid";

    public static IResult Accepted(int number) => Results.Accepted($"/api/orders/{number}", new { id = $"{number}", status = "pending" });

    public Task<TestApp> StartAsync() => TestApp.StartAsync(Create, TimeProvider.System, []);

    private WebApplication Create(string[] args, Action<WebApplicationBuilder> configure)
    {
        var builder = WebApplication.CreateBuilder(args);
        configure(builder);
        builder.Services.AddRouting();
        var app = builder.Build();
        app.MapPost(
            "/api/sessions",
            (SessionBody body) =>
            {
                Sessions.Enqueue(body.User);
                return Results.Created((string?)null, new { token = $"token-{body.User}", expiresAt = DateTimeOffset.MaxValue });
            }
        );
        app.MapGet(
            "/api/products",
            () =>
                new[]
                {
                    new
                    {
                        sku = "tea",
                        name = "Tea",
                        priceMinor = 450,
                        currency = "EUR",
                    },
                    new
                    {
                        sku = "mug",
                        name = "Mug",
                        priceMinor = 1200,
                        currency = "EUR",
                    },
                    new
                    {
                        sku = "pot",
                        name = "Pot",
                        priceMinor = 5200,
                        currency = "USD",
                    },
                }
        );
        app.MapPost("/api/orders", PlaceAsync);
        app.MapGet("/api/orders/{id}", (string id) => new { id, status = FinalStatus });
        return app;
    }

    private async Task<IResult> PlaceAsync(OrderBody body, HttpRequest request)
    {
        var headers = request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        Orders.Enqueue(
            new PlacedOrder(headers["Authorization"], Guid.Parse(headers["Idempotency-Key"]), body.Card.Number, headers, body.Lines.Count)
        );
        if (NeverAnswers is { } never)
        {
            await never.Task.WaitAsync(request.HttpContext.RequestAborted);
        }

        return Place(Orders.Count);
    }

    private sealed record SessionBody(string Tenant, string User);

    private sealed record OrderBody(List<LineBody> Lines, CardBody Card);

    private sealed record LineBody(string Sku, int Quantity);

    private sealed record CardBody(string Number, string Expiry, string Cvc);
}
