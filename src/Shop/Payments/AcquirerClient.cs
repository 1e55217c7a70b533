using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Platform.Contracts;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Platform.Payments;

/// <summary>Result of an attempt: the acquirer's answer, or our decision to give up.</summary>
internal abstract record ChargeResult
{
    /// <summary>Given up: charged no more, and a possible charge is voided.</summary>
    public sealed record GivenUp(string Reason, Exception? Cause = null) : ChargeResult;

    public sealed record Captured(string ChargeId) : ChargeResult;

    public sealed record Declined(string Reason) : ChargeResult;

    /// <summary>This call made no charge. An earlier one may have.</summary>
    public sealed record NotCharged(string Why) : ChargeResult;

    /// <summary>The key was voided: it can never be charged.</summary>
    public sealed record Voided : ChargeResult;

    /// <summary>The call may or may not have taken effect.</summary>
    public sealed record Unknown(string Why) : ChargeResult;
}

/// <summary>The acquirer's HTTP API. One attempt per call; ChargeDuePayments decides on retries.</summary>
internal sealed class AcquirerClient(HttpClient http, IOptions<PaymentsOptions> options)
{
    /// <summary>The acquirer's answer when it has no charge with that key.</summary>
    public const string NotFound = "not_found";

    /// <summary>Two such calls and the rest of an attempt fit into a lease.</summary>
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

    /// <summary>Queries the charge with this key.</summary>
    public Task<ChargeResult> GetAsync(Guid paymentId, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, $"/v1/charges/{paymentId}"), cancellationToken);

    /// <summary>Voids the charge with this key, and blocks the key for a charge still in flight.</summary>
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
            // Nothing was sent.
            return new ChargeResult.NotCharged("connection_failed");
        }
        catch (HttpRequestException exception)
        {
            return new ChargeResult.Unknown(exception.HttpRequestError.ToString());
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or NotSupportedException or InvalidOperationException)
        {
            // Not the agreed JSON, or an unknown encoding.
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

            // Rejected without effect: rate limited, or our key or request is wrong. Retrying suits both, and a permanent error ends as
            // expired.
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
