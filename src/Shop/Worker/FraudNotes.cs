using System.ClientModel;
using System.ClientModel.Primitives;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Options;
using OpenAI;
using OpenAI.Chat;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Platform.Worker;

/// <summary>Asks a language model for a one-sentence risk note. The prompt has amounts and counts: no id, name or card.</summary>
internal sealed class FraudNotes(HttpClient http, IOptions<WorkerOptions> options)
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private const string Instructions = "You assess shop orders for fraud. Answer with one sentence for the warehouse staff.";

    private const int MaxOutputTokens = 100;

    /// <summary>Upper bound in characters for the token limit.</summary>
    private const int MaxNoteLength = 1000;

    private readonly OpenAIClient _client = new(
        new ApiKeyCredential(options.Value.LlmApiKey),
        new OpenAIClientOptions
        {
            Endpoint = new Uri(http.BaseAddress!, "/v1"),
            Transport = new HttpClientPipelineTransport(http),

            // FulfilPaidOrders retries: a second layer would multiply the calls.
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = System.Threading.Timeout.InfiniteTimeSpan,
        }
    );

    /// <summary>The note, or why there is none: an order must not fail because of it.</summary>
    /// <param name="fulfilment">The order.</param>
    /// <param name="history">Earlier orders, a line each; empty for none.</param>
    /// <param name="model">Null for the configured one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<(string? Note, string? Failure)> WriteAsync(
        Fulfilment fulfilment,
        string history,
        string? model,
        CancellationToken cancellationToken
    )
    {
        model ??= options.Value.LlmModel;
        Activity.Current?.SetTag("gen_ai.operation.name", "chat").SetTag("gen_ai.request.model", model);
        var total = fulfilment.TotalMinor / 100m;
        var prompt = string.Create(
            CultureInfo.InvariantCulture,
            $"Order over {total:F2} {fulfilment.Currency}, {fulfilment.Items} items, paid by {fulfilment.CardNetwork}.{history}"
        );
        try
        {
            var completion = await _client
                .GetChatClient(model)
                .CompleteChatAsync(
                    [new SystemChatMessage(Instructions), new UserChatMessage(prompt)],
                    new ChatCompletionOptions { MaxOutputTokenCount = MaxOutputTokens },
                    cancellationToken
                );

            // https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
            Activity
                .Current?.SetTag("gen_ai.usage.input_tokens", completion.Value.Usage?.InputTokenCount)
                .SetTag("gen_ai.usage.output_tokens", completion.Value.Usage?.OutputTokenCount);
            return completion.Value.Content.Count == 0 || string.IsNullOrWhiteSpace(completion.Value.Content[0].Text)
                ? (null, "empty_answer")
                : Check(completion.Value.Content[0].Text);
        }
#pragma warning disable CA1031 // The boundary of an outside company: no list of what its client throws is complete.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return (null, ReasonOf(exception));
        }
    }

    /// <summary>PostgreSQL cannot store NUL, and staff needs a sentence, not a page.</summary>
    private static (string? Note, string? Failure) Check(string text) =>
        text.Length > MaxNoteLength || text.Contains('\0', StringComparison.Ordinal) ? (null, "unusable_answer") : (text, null);

    private static string ReasonOf(Exception exception)
    {
        switch (exception)
        {
            // Without a response, the cause is the inner exception.
            case ClientResultException { Status: 0, InnerException: { } cause }:
                return ReasonOf(cause);
            case ClientResultException { Status: not (>= 200 and < 300) } refused:
                return $"status_{refused.Status}";
            case TimeoutRejectedException:
                return "timeout";
            case BrokenCircuitException:
                return "breaker_open";
            case HttpRequestException failed:
                return failed.HttpRequestError.ToString();
            default:
                Activity.Current?.AddException(exception);
                return "unreadable_answer";
        }
    }
}
