using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Platform.Traffic;

/// <summary>One visit: sign in, list products, order, wait for the outcome.</summary>
internal sealed partial class Visit(Shop shop, LoadCounters counters, TimeProvider time, ILogger<Visit> logger)
{
    private const string DeclinedCard = "4000000000000002";

    private static readonly string[] GoodCards = ["4242424242424242", "5555555555554444"];
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task RunAsync(Shopper shopper, CancellationToken cancellationToken)
    {
        try
        {
            await BuyAsync(shopper, cancellationToken);
        }
        catch (Exception exception) when (exception is JsonException || Shop.IsNoAnswer(exception, cancellationToken))
        {
            // A failure of the shop, not ours: counted and in the summary line.
            CountFailure(shopper, exception);
        }
    }

    private async Task BuyAsync(Shopper shopper, CancellationToken cancellationToken)
    {
        // Not seeded: after a restart the same keys would replay the last run's orders.
        var idempotencyKey = Guid.CreateVersion7();
        var session = await shop.SignInAsync(shopper, cancellationToken);
        var products = await shop.ListProductsAsync(session, cancellationToken);
        if (products.Count == 0)
        {
            Fail("the shop has no products");
            return;
        }

        var order = new OrderRequest(Basket.Fill(products, shopper.BasketSeed), CardOf(shopper));
        var response = await shop.PlaceOrderAsync(session, idempotencyKey, order, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            // The shop may have restarted with new keys; sign in again, once.
            response.Dispose();
            shop.SignOut(shopper);
            session = await shop.SignInAsync(shopper, cancellationToken);
            response = await shop.PlaceOrderAsync(session, idempotencyKey, order, cancellationToken);
        }

        using (response)
        {
            if (response.StatusCode == HttpStatusCode.Accepted)
            {
                counters.Placed();
                await AwaitOutcomeAsync(session, await Shop.ReadAsync<Order>(response, cancellationToken), cancellationToken);
            }
            else
            {
                await CountRefusalAsync(response, cancellationToken);
            }
        }
    }

    private async Task AwaitOutcomeAsync(Session session, Order order, CancellationToken cancellationToken)
    {
        var placedAt = time.GetTimestamp();
        while (time.GetElapsedTime(placedAt) < Patience)
        {
            await Task.Delay(PollInterval, time, cancellationToken);
            if (await shop.FindOrderAsync(session, order.Id, cancellationToken) is { } seen && counters.Decided(seen.Status))
            {
                return;
            }
        }

        counters.Undecided();
    }

    private async Task CountRefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.TooManyRequests:
                counters.RateLimited();
                break;
            case HttpStatusCode.Conflict
                when (await response.Content.ReadAsStringAsync(cancellationToken)).Contains("out_of_stock", StringComparison.Ordinal):
                counters.OutOfStock();
                break;
            default:
                Fail(string.Create(CultureInfo.InvariantCulture, $"POST api/orders answered {(int)response.StatusCode}"));
                break;
        }
    }

    private void CountFailure(Shopper shopper, Exception exception)
    {
        switch (exception)
        {
            case HttpRequestException { StatusCode: HttpStatusCode.TooManyRequests }:
                counters.RateLimited();
                break;
            case HttpRequestException { StatusCode: HttpStatusCode.Unauthorized }:
                shop.SignOut(shopper);
                Fail(exception.Message);
                break;
            default:
                Fail(exception.Message);
                break;
        }
    }

    private PaymentCard CardOf(Shopper shopper) =>
        new(
            shopper.PaysWithDeclinedCard ? DeclinedCard : GoodCards[shopper.BasketSeed % GoodCards.Length],
            time.GetUtcNow().AddYears(2).ToString("MM/yy", CultureInfo.InvariantCulture),
            "123"
        );

    private void Fail(string reason)
    {
        counters.Failed(reason);
        LogFailed(reason);
    }

    [LoggerMessage(EventId = 5311, Level = LogLevel.Debug, Message = "A visit failed: {Reason}.")]
    private partial void LogFailed(string reason);
}
