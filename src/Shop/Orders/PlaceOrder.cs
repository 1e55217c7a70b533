using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Validation;
using Npgsql;
using Platform.Contracts;
using Platform.Infrastructure.Identity;
using Platform.Infrastructure.Switches;
using Platform.Messaging;

namespace Platform.Orders;

internal sealed record PlaceOrderResponse(Guid Id, string Status);

/// <summary>Accepts an order: stock, order, message and the response to its key commit together. Payments charges later.</summary>
internal static partial class PlaceOrder
{
    // Percent, by lines.
    private static readonly int[] LineDiscounts = [0, 0, 5];

    /// <summary>Validated by the handler: a replay returns the first response even if its card has expired since.</summary>
    public static IEndpointConventionBuilder MapPlaceOrder(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/orders", HandleAsync).DisableValidation().WithName("PlaceOrder");

    internal static async Task<Results<Accepted<PlaceOrderResponse>, ValidationProblem, ProblemHttpResult>> HandleAsync(
        PlaceOrderRequest request,
        [FromHeader(Name = "Idempotency-Key")] Guid idempotencyKey,
        ClaimsPrincipal principal,
        Catalog catalog,
        NpgsqlDataSource database,
        Outbox outbox,
        OutboxSignal relay,
        OrdersMetrics metrics,
        IOptions<OrdersOptions> options,
        TimeProvider time,
        Switches switches,
        IServiceProvider services,
        ILogger<PlaceOrderRequest> logger,
        CancellationToken cancellationToken
    )
    {
        // Before anything is checked that may have changed since the first response.
        var fingerprint = Fingerprint(request, options.Value.FingerprintKey);
        if (await ReplayAsync(database, principal, idempotencyKey, fingerprint, metrics, cancellationToken) is { } repeated)
        {
            return repeated;
        }

        if (await ValidateAsync(request, services, cancellationToken) is { Count: > 0 } invalid)
        {
            return TypedResults.ValidationProblem(invalid);
        }

        var (prices, errors) = await PriceAsync(request, catalog, cancellationToken);
        if (errors.Count > 0)
        {
            return TypedResults.ValidationProblem(errors);
        }

        // A discount by the number of lines, from a table that ends at two.
        if (switches.IsOn("x-41"))
        {
            Activity.Current?.SetTag("platform.order.discount", LineDiscounts[request.Lines.Count]);
        }

        var order = new NewOrder(Guid.CreateVersion7(), principal.TenantId(), principal.UserId(), request, prices);
        Activity.Current?.SetTag(Attributes.OrderId, order.Id);
        var card = SealedCard.Seal(
            new Card(request.Card.Number, request.Card.Expiry, request.Card.Cvc),
            order.Id,
            options.Value.CardPublicKey
        );

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // Takes a second connection while it has one: with a small pool it waits for itself.
        await using var second = switches.IsOn("x-15") ? await database.OpenConnectionAsync(cancellationToken) : null;

        // A concurrent duplicate holds the index entry: this statement waits for it and then finds its response.
        if (!await ClaimKeyAsync(connection, order, idempotencyKey, fingerprint, cancellationToken))
        {
            return await ReplayAsync(connection, principal, idempotencyKey, fingerprint, metrics, cancellationToken)
                ?? throw new InvalidOperationException("The key's answer went between two statements.");
        }

        await InsertAsync(connection, order, card, cancellationToken);
        await outbox.AddAsync(
            connection,
            new OrderPlaced(order.Id, order.TotalMinor, order.Currency, time.GetUtcNow() + options.Value.PayWithin, card),
            cancellationToken
        );

        // Last, because every buyer of a product waits for its row lock, which is held from here to the commit.
        var missing = await Stock.ReserveAsync(connection, request.Lines.Select(line => (line.Sku, line.Quantity)), cancellationToken);
        if (missing is not null)
        {
            metrics.Refused("out_of_stock");
            LogOutOfStock(logger, missing);
            return OutOfStock(request, missing);
        }

        await transaction.CommitAsync(cancellationToken);

        relay.Notify();
        metrics.Placed();
        LogPlaced(logger, order.Id, order.TotalMinor, order.Currency, order.Items);
        return Accept(order.Id);
    }

    private static Accepted<PlaceOrderResponse> Accept(Guid id) =>
        TypedResults.Accepted($"/api/orders/{id}", new PlaceOrderResponse(id, OrderStatus.Pending.ToText()));

    /// <summary>What the framework would have validated before the handler.</summary>
    private static async Task<IDictionary<string, string[]>?> ValidateAsync(
        PlaceOrderRequest request,
        IServiceProvider services,
        CancellationToken cancellationToken
    )
    {
#pragma warning disable ASP0029 // Experimental; without it an order would be validated before its key is known.
        var options = services.GetRequiredService<IOptions<ValidationOptions>>().Value;
        if (!options.TryGetValidatableTypeInfo(typeof(PlaceOrderRequest), out var type))
        {
            throw new InvalidOperationException($"No validation was generated for {nameof(PlaceOrderRequest)}.");
        }

        var context = new ValidateContext
        {
            ValidationOptions = options,
            ValidationContext = new ValidationContext(request, services, items: null),
        };
        await type.ValidateAsync(request, context, cancellationToken);
        return context.ValidationErrors;
#pragma warning restore ASP0029
    }

    private static async Task<(Dictionary<string, Product> Prices, Dictionary<string, string[]> Errors)> PriceAsync(
        PlaceOrderRequest request,
        Catalog catalog,
        CancellationToken cancellationToken
    )
    {
        using var activity = OrdersTelemetry.Source.StartActivity("price_order");
        var products = (await catalog.GetAsync(cancellationToken)).ToDictionary(product => product.Sku);
        var errors = new Dictionary<string, string[]>();
        string? currency = null;
        for (var i = 0; i < request.Lines.Count; i++)
        {
            if (!products.TryGetValue(request.Lines[i].Sku, out var product))
            {
                errors[$"lines[{i}].sku"] = ["There is no such product."];
            }
            else if ((currency ??= product.Currency) != product.Currency)
            {
                errors[$"lines[{i}].sku"] = ["All products of an order must have one currency."];
            }
        }

        return (products, errors);
    }

    private static async Task<bool> ClaimKeyAsync(
        NpgsqlConnection connection,
        NewOrder order,
        Guid key,
        byte[] fingerprint,
        CancellationToken cancellationToken
    ) =>
        await connection.ExecuteAsync(
            new CommandDefinition(
                """
                INSERT INTO idempotency (tenant_id, user_id, key, fingerprint, order_id)
                VALUES (@TenantId, @UserId, @key, @fingerprint, @Id)
                ON CONFLICT DO NOTHING
                """,
                new
                {
                    order.TenantId,
                    order.UserId,
                    key,
                    fingerprint,
                    order.Id,
                },
                cancellationToken: cancellationToken
            )
        ) == 1;

    /// <summary>Null for an unused key.</summary>
    private static async Task<Results<Accepted<PlaceOrderResponse>, ValidationProblem, ProblemHttpResult>?> ReplayAsync(
        NpgsqlDataSource database,
        ClaimsPrincipal principal,
        Guid key,
        byte[] fingerprint,
        OrdersMetrics metrics,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await ReplayAsync(connection, principal, key, fingerprint, metrics, cancellationToken);
    }

    private static async Task<Results<Accepted<PlaceOrderResponse>, ValidationProblem, ProblemHttpResult>?> ReplayAsync(
        NpgsqlConnection connection,
        ClaimsPrincipal principal,
        Guid key,
        byte[] fingerprint,
        OrdersMetrics metrics,
        CancellationToken cancellationToken
    )
    {
        var first = await connection.QuerySingleOrDefaultAsync<(byte[] Fingerprint, Guid OrderId)?>(
            new CommandDefinition(
                "SELECT fingerprint, order_id FROM idempotency WHERE tenant_id = @tenantId AND user_id = @userId AND key = @key",
                new
                {
                    tenantId = principal.TenantId(),
                    userId = principal.UserId(),
                    key,
                },
                cancellationToken: cancellationToken
            )
        );
        if (first is not { } known)
        {
            return null;
        }

        if (!CryptographicOperations.FixedTimeEquals(known.Fingerprint, fingerprint))
        {
            metrics.Refused("key_reused");
            return TypedResults.Problem(
                "This Idempotency-Key was used for another order. Use a new key for a new order.",
                statusCode: StatusCodes.Status422UnprocessableEntity,
                extensions: [new("code", "idempotency_key_reused"), new("field", "Idempotency-Key")]
            );
        }

        Activity.Current?.SetTag(Attributes.OrderId, known.OrderId).SetTag("platform.order.replayed", true);
        return Accept(known.OrderId);
    }

    private static ProblemHttpResult OutOfStock(PlaceOrderRequest request, string sku)
    {
        var line = request.Lines.ToList().FindIndex(line => line.Sku == sku);
        return TypedResults.Problem(
            "There are not enough units left.",
            statusCode: StatusCodes.Status409Conflict,
            extensions: [new("code", "out_of_stock"), new("field", $"lines[{line}].quantity")]
        );
    }

    private static async Task InsertAsync(NpgsqlConnection connection, NewOrder order, SealedCard card, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(
            new CommandDefinition(
                """
                INSERT INTO orders (id, tenant_id, user_id, status, total_minor, currency, items, card_network, card_last4)
                VALUES (@Id, @TenantId, @UserId, 'pending', @TotalMinor, @Currency, @Items, @Network, @Last4)
                """,
                new
                {
                    order.Id,
                    order.TenantId,
                    order.UserId,
                    order.TotalMinor,
                    order.Currency,
                    order.Items,
                    card.Network,
                    card.Last4,
                },
                cancellationToken: cancellationToken
            )
        );
        await connection.ExecuteAsync(
            new CommandDefinition(
                """
                INSERT INTO order_lines (order_id, line, sku, quantity, price_minor)
                SELECT @Id, line, sku, quantity, price_minor
                FROM unnest(@skus, @quantities, @prices) WITH ORDINALITY AS lines (sku, quantity, price_minor, line)
                """,
                new
                {
                    order.Id,
                    skus = order.Request.Lines.Select(line => line.Sku).ToArray(),
                    quantities = order.Request.Lines.Select(line => line.Quantity).ToArray(),
                    prices = order.Request.Lines.Select(line => order.Prices[line.Sku].PriceMinor).ToArray(),
                },
                cancellationToken: cancellationToken
            )
        );
    }

    /// <summary>Equal for equal orders. Keyed, because the body holds a card number.</summary>
    internal static byte[] Fingerprint(PlaceOrderRequest request, string key) =>
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), JsonSerializer.SerializeToUtf8Bytes(request));

    [LoggerMessage(
        EventId = 2101,
        EventName = "order.placed",
        Level = LogLevel.Information,
        Message = "Order {OrderId} placed: {TotalMinor} {Currency}, {Items} items"
    )]
    private static partial void LogPlaced(ILogger logger, Guid orderId, long totalMinor, string currency, int items);

    [LoggerMessage(
        EventId = 2102,
        EventName = "order.refused",
        Level = LogLevel.Information,
        Message = "Order refused: {Sku} is out of stock"
    )]
    private static partial void LogOutOfStock(ILogger logger, string sku);

    private sealed record NewOrder(
        Guid Id,
        string TenantId,
        string UserId,
        PlaceOrderRequest Request,
        IReadOnlyDictionary<string, Product> Prices
    )
    {
        public string Currency => Prices[Request.Lines[0].Sku].Currency;

        public int Items => Request.Lines.Sum(line => line.Quantity);

        public long TotalMinor
        {
            get
            {
                checked
                {
                    return Request.Lines.Sum(line => Prices[line.Sku].PriceMinor * line.Quantity);
                }
            }
        }
    }
}
