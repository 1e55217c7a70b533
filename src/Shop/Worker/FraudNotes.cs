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

/// <summary>Has a language model say in a sentence how an order looks. It is told amounts and counts: no id, no name, no card.</summary>
internal sealed class FraudNotes(HttpClient http, IOptions<WorkerOptions> options)
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private const string Instructions = "You assess shop orders for fraud. Answer with one sentence for the warehouse staff.";

    private const int MaxOutputTokens = 100;

    /// <summary>More than so many tokens have, in characters.</summary>
    private const int MaxNoteLength = 1000;

    private readonly ChatClient _chat = new OpenAIClient(
        new ApiKeyCredential(options.Value.LlmApiKey),
        new OpenAIClientOptions
        {
            Endpoint = new Uri(http.BaseAddress!, "/v1"),
            Transport = new HttpClientPipelineTransport(http),

            // FulfilPaidOrders tries again: a second layer would multiply the calls.
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = System.Threading.Timeout.InfiniteTimeSpan,
        }
    ).GetChatClient(options.Value.LlmModel);

    /// <summary>The note, or why there is none: whatever the company does, an order must not fail by it.</summary>
    public async Task<(string? Note, string? Failure)> WriteAsync(Fulfilment fulfilment, CancellationToken cancellationToken)
    {
        var total = fulfilment.TotalMinor / 100m;
        var prompt = string.Create(
            CultureInfo.InvariantCulture,
            $"Order over {total:F2} {fulfilment.Currency}, {fulfilment.Items} items, paid by {fulfilment.CardNetwork}."
        );
        try
        {
            var completion = await _chat.CompleteChatAsync(
                [new SystemChatMessage(Instructions), new UserChatMessage(prompt)],
                new ChatCompletionOptions { MaxOutputTokenCount = MaxOutputTokens },
                cancellationToken
            );
            return completion.Value.Content.Count == 0 || string.IsNullOrWhiteSpace(completion.Value.Content[0].Text)
                ? (null, "empty_answer")
                : Check(completion.Value.Content[0].Text);
        }
#pragma warning disable CA1031 // The boundary of the company's answers, which its client reads: no list of what that throws is complete.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return (null, ReasonOf(exception));
        }
    }

    /// <summary>PostgreSQL stores no NUL, and warehouse staff reads no page.</summary>
    private static (string? Note, string? Failure) Check(string text) =>
        text.Length > MaxNoteLength || text.Contains('\0', StringComparison.Ordinal) ? (null, "unusable_answer") : (text, null);

    private static string ReasonOf(Exception exception)
    {
        switch (exception)
        {
            // Without an answer, what happened is inside.
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
