using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Platform.Contracts;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Platform.Payments;

/// <summary>What an attempt came to: what the acquirer told us, or our own decision to ask no more.</summary>
internal abstract record ChargeResult
{
    /// <summary>Nobody charges it any more; what may have been charged is to be voided.</summary>
    public sealed record GivenUp(string Reason, Exception? Cause = null) : ChargeResult;

    public sealed record Captured(string ChargeId) : ChargeResult;

    public sealed record Declined(string Reason) : ChargeResult;

    /// <summary>This call made no charge. An earlier one may have.</summary>
    public sealed record NotCharged(string Why) : ChargeResult;

    /// <summary>The key was voided: it can never be charged.</summary>
    public sealed record Voided : ChargeResult;

    /// <summary>The call may or may not have been carried out.</summary>
    public sealed record Unknown(string Why) : ChargeResult;
}

/// <summary>The card company's HTTP API. Makes one attempt a call: ChargeDuePayments decides about the next.</summary>
internal sealed class AcquirerClient(HttpClient http, IOptions<PaymentsOptions> options)
{
    /// <summary>The acquirer's own word that it has no charge with a key.</summary>
    public const string NotFound = "not_found";

    /// <summary>Two calls of this length, and the rest of an attempt, fit into a lease.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public Task<ChargeResult> ChargeAsync(Payment payment, Card card, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/charges")
        {
            Content = JsonContent.Create(
                new ChargeRequest(
                    payment.AmountMinor,
                    payment.Currency,
                    new CardRequest(card.Number, card.Expiry, card.Cvc),
                    payment.OrderId.ToString()
                )
            ),
        };
        request.Headers.Add("Idempotency-Key", payment.Id.ToString());
        return SendAsync(request, cancellationToken);
    }

    /// <summary>What became of the charge with this key.</summary>
    public Task<ChargeResult> GetAsync(Guid paymentId, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, $"/v1/charges/{paymentId}"), cancellationToken);

    /// <summary>Cancels the charge with this key, and bars the key for one that is still on its way.</summary>
    public Task<ChargeResult> VoidAsync(Guid paymentId, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, $"/v1/charges/{paymentId}/void"), cancellationToken);

    private async Task<ChargeResult> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var _ = request;
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.Value.AcquirerApiKey);
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            return await ReadAsync(request.Method, response, cancellationToken);
        }
        catch (BrokenCircuitException)
        {
            return new ChargeResult.NotCharged("breaker_open");
        }
        catch (TimeoutRejectedException)
        {
            return new ChargeResult.Unknown("timeout");
        }
        catch (HttpRequestException exception)
            when (exception.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            // Nothing left this machine.
            return new ChargeResult.NotCharged("connection_failed");
        }
        catch (HttpRequestException exception)
        {
            return new ChargeResult.Unknown(exception.HttpRequestError.ToString());
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or NotSupportedException or InvalidOperationException)
        {
            // Not the JSON that was agreed, or not in an encoding that exists.
            return new ChargeResult.Unknown("unreadable_answer");
        }
    }

    private static async Task<ChargeResult> ReadAsync(HttpMethod method, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.PaymentRequired:
                var charge = await response.Content.ReadFromJsonAsync<ChargeResponse>(cancellationToken);
                return charge?.Status switch
                {
                    "captured" => new ChargeResult.Captured(charge.Id ?? ""),
                    "declined" => new ChargeResult.Declined(charge.DeclineReason ?? "declined"),
                    "voided" => new ChargeResult.Voided(),
                    _ => new ChargeResult.Unknown("unreadable_answer"),
                };
            case HttpStatusCode.NotFound when method == HttpMethod.Get:
                return new ChargeResult.NotCharged(NotFound);
            case HttpStatusCode.Conflict:
                return new ChargeResult.Voided();

            // Refused before anything was done: over its limit, or our own key or request is wrong. Trying again is right for both,
            // and what stays wrong ends as expired.
            case HttpStatusCode.TooManyRequests
            or HttpStatusCode.Unauthorized
            or HttpStatusCode.BadRequest
            or HttpStatusCode.UnprocessableEntity:
                return new ChargeResult.NotCharged($"status_{(int)response.StatusCode}");
            default:
                return new ChargeResult.Unknown($"status_{(int)response.StatusCode}");
        }
    }

    private sealed record ChargeRequest(long Amount, string Currency, CardRequest Card, string Reference);

    private sealed record CardRequest(string Number, string Expiry, string Cvc);

    private sealed record ChargeResponse(string? Id, string? Status, string? DeclineReason);
}
