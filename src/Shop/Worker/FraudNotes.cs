using System.ClientModel;
using System.ClientModel.Primitives;
using System.Globalization;
using Microsoft.Extensions.Options;
using OpenAI;
using OpenAI.Chat;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Platform.Worker;

/// <summary>Has a language model say in a sentence how an order looks. It is told amounts and counts: no id, no name, no card.</summary>
internal sealed class FraudNotes(HttpClient http, IOptions<WorkerOptions> options)
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private const string Instructions = "You assess shop orders for fraud. Answer with one sentence for the warehouse staff.";

    private const int MaxOutputTokens = 100;

    private readonly ChatClient _chat = new OpenAIClient(
        new ApiKeyCredential(options.Value.LlmApiKey),
        new OpenAIClientOptions
        {
            Endpoint = new Uri(http.BaseAddress!, "/v1"),
            Transport = new HttpClientPipelineTransport(http),

            // FulfilPaidOrders tries again: a second layer would multiply the calls.
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = System.Threading.Timeout.InfiniteTimeSpan,
        }).GetChatClient(options.Value.LlmModel);

    /// <summary>Null when the company gave no usable answer.</summary>
    public async Task<(string? Note, string? Failure)> WriteAsync(Fulfilment fulfilment, CancellationToken cancellationToken)
    {
        var prompt = string.Create(
            CultureInfo.InvariantCulture,
            $"Order over {fulfilment.TotalMinor / 100m:F2} {fulfilment.Currency}, {fulfilment.Items} items, paid by {fulfilment.CardNetwork}.");
        try
        {
            var completion = await _chat.CompleteChatAsync(
                [new SystemChatMessage(Instructions), new UserChatMessage(prompt)],
                new ChatCompletionOptions { MaxOutputTokenCount = MaxOutputTokens },
                cancellationToken);
            return completion.Value.Content.Count > 0 ? (completion.Value.Content[0].Text, null) : (null, "empty_answer");
        }
        catch (ClientResultException exception)
        {
            return (null, $"status_{exception.Status}");
        }
        catch (TimeoutRejectedException)
        {
            return (null, "timeout");
        }
        catch (BrokenCircuitException)
        {
            return (null, "breaker_open");
        }
        catch (HttpRequestException exception)
        {
            return (null, exception.HttpRequestError.ToString());
        }
    }
}
