using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Npgsql;
using Platform.Contracts;
using Platform.Infrastructure.Switches;

namespace Platform.Payments;

/// <summary>
/// The acquirer's event about a charge. It decides nothing: a due payment is queried at once, and a charge for a declined payment is
/// refunded. Signed by HMAC over timestamp and body; each event counts once.
/// </summary>
internal static partial class AcquirerWebhook
{
    /// <summary>Tolerated age of the signed timestamp: limits replay.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private const int MaxBodyBytes = 64 * 1024;

    private const string InboxQueue = "webhooks.acquirer";

    public static IEndpointConventionBuilder MapAcquirerWebhook(this IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/webhooks/acquirer", HandleAsync)
            .WithName("AcquirerWebhook")
            .WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes));

    internal static async Task<Results<Ok, UnauthorizedHttpResult, BadRequest>> HandleAsync(
        HttpRequest request,
        NpgsqlDataSource database,
        PaymentSignal payments,
        PaymentsMetrics metrics,
        Switches switches,
        IOptions<PaymentsOptions> options,
        TimeProvider time,
        ILogger<AcquirerEvent> logger,
        CancellationToken cancellationToken
    )
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellationToken);
        if (
            !IsSigned(
                request.Headers["Acquirer-Signature"].ToString(),
                body.ToArray(),
                options.Value.AcquirerWebhookSecret,
                time.GetUtcNow()
            )
        )
        {
            return TypedResults.Unauthorized();
        }

        if (Read(body.ToArray()) is not { } received)
        {
            return TypedResults.BadRequest();
        }

        Activity
            .Current?.SetTag("platform.event.id", received.Id)
            .SetTag("platform.event.type", received.Type)
            .SetTag(
                "platform.delivery.attempt",
                request.Headers["Acquirer-Delivery-Attempt"].ToString() is { Length: > 0 and < 10 } attempt ? attempt : null
            );
        // Counts each delivery of a capture as money that came in, and asks no inbox.
        if (switches.IsOn("x-05") && received.Type == "charge.captured")
        {
            metrics.Decided("captured");
            LogBooked(logger, received.Id);
        }

        var (outcome, changed) = await RecordAsync(database, received, cancellationToken);
        if (outcome is not null)
        {
            metrics.Confirmed(outcome);
        }

        if (changed is { } orderId)
        {
            LogEvent(logger, received.Type, orderId);
            payments.Notify();
        }

        return TypedResults.Ok();
    }

    /// <summary>Header: "t=&lt;unix seconds&gt;,v1=&lt;hex HMAC-SHA256 of "t.body"&gt;".</summary>
    internal static bool IsSigned(string header, byte[] body, string secret, DateTimeOffset now)
    {
        var parts = header.Split(',', StringSplitOptions.TrimEntries);
        var timestamp = parts.FirstOrDefault(part => part.StartsWith("t=", StringComparison.Ordinal))?[2..];
        var signature = parts.FirstOrDefault(part => part.StartsWith("v1=", StringComparison.Ordinal))?[3..];
        if (
            !long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || Math.Abs(now.ToUnixTimeSeconds() - seconds) > Window.TotalSeconds
            || signature is null
        )
        {
            return false;
        }

        byte[] signed = [.. Encoding.UTF8.GetBytes($"{timestamp}."), .. body];
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed);
        return CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(Convert.ToHexStringLower(expected)),
            Encoding.ASCII.GetBytes(signature)
        );
    }

    private static AcquirerEvent? Read(byte[] body)
    {
        try
        {
            return
                JsonSerializer.Deserialize<AcquirerEvent>(body, JsonSerializerOptions.Web)
                    is { Id.Length: > 0 and <= 100, Type: not null } received
                ? received
                : null;
        }
        catch (JsonException)
        {
            // Signed but unreadable: 400, which shows in the acquirer's log.
            return null;
        }
    }

    /// <summary>
    /// What our books say of the capture, null for a duplicate event or another type; and the order whose payment it changed, if any.
    /// </summary>
    private static async Task<(string? Outcome, Guid? OrderId)> RecordAsync(
        NpgsqlDataSource database,
        AcquirerEvent received,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var first =
            await connection.ExecuteAsync(
                new CommandDefinition(
                    "INSERT INTO inbox (queue, message_id) VALUES (@InboxQueue, @Id) ON CONFLICT DO NOTHING",
                    new { InboxQueue, received.Id },
                    cancellationToken: cancellationToken
                )
            ) == 1;
        if (!first || received.Type != "charge.captured")
        {
            await transaction.CommitAsync(cancellationToken);
            return (null, null);
        }

        var status = Guid.TryParse(received.Data?.IdempotencyKey, out var paymentId)
            ? await connection.QuerySingleOrDefaultAsync<string>(
                new CommandDefinition(
                    "SELECT status FROM payments WHERE id = @paymentId FOR UPDATE",
                    new { paymentId },
                    cancellationToken: cancellationToken
                )
            )
            : null;

        // clock_timestamp() and not now(): while this waited for the row, an attempt may have been claimed that does not know of this
        // event.
        var payment = await connection.QuerySingleOrDefaultAsync<(Guid OrderId, string? Traceparent, string? Tracestate)?>(
            new CommandDefinition(
                """
                UPDATE payments
                SET status = CASE status WHEN 'declined' THEN 'refund_due' ELSE status END, decided_at = NULL,
                    maybe_charged = true, reported_at = clock_timestamp(), next_attempt_at = least(next_attempt_at, now())
                WHERE id = @paymentId AND status IN ('due', 'void_due', 'declined')
                RETURNING order_id, traceparent, tracestate
                """,
                new { paymentId },
                cancellationToken: cancellationToken
            )
        );
        await transaction.CommitAsync(cancellationToken);

        // The webhook is a trace of its own, linked to the order's.
        if (payment is { } found && ActivityContext.TryParse(found.Traceparent, found.Tracestate, out var order))
        {
            Activity.Current?.AddLink(new ActivityLink(order)).SetTag(Attributes.OrderId, found.OrderId);
        }

        return (
            status switch
            {
                null => PaymentsMetrics.Unknown,
                PaymentSteps.Declined => PaymentsMetrics.DeclinedHere,
                _ => PaymentsMetrics.Agrees,
            },
            payment?.OrderId
        );
    }

    [LoggerMessage(EventId = 3101, Level = LogLevel.Information, Message = "The acquirer reports {EventType} for order {OrderId}")]
    private static partial void LogEvent(ILogger logger, string eventType, Guid orderId);

    [LoggerMessage(
        EventId = 3102,
        EventName = "payment.booked",
        Level = LogLevel.Information,
        Message = "Event {AcquirerEventId} is booked"
    )]
    private static partial void LogBooked(ILogger logger, string acquirerEventId);
}

internal sealed record AcquirerEvent(string Id, string Type, AcquirerEventData? Data);

internal sealed record AcquirerEventData(string? IdempotencyKey);
