using System.Net;
using System.Net.Http.Headers;

namespace Platform.Observatory.Forward;

/// <summary>POSTs the parts of a request as one body, and classifies the response.</summary>
internal abstract class HttpSender(
    Uri address,
    string contentType,
    bool gzip,
    IReadOnlyList<KeyValuePair<string, string>> headers,
    TimeProvider time
) : ISender
{
    /// <summary>Longer response bodies are ignored.</summary>
    private const int MaxAnswerBytes = 64 << 10;

    private readonly HttpClient _client = new(Outgoing.Handler()) { Timeout = Timeout.InfiniteTimeSpan };

    public async Task<SendResult> SendAsync(SendRequest request, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Outgoing.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);

        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, address);
            message.Content = new PartsContent(request.Parts, contentType, gzip);
            message.Headers.TryAddWithoutValidation(Hops.Header, request.Hops);

            foreach (var (name, value) in headers)
            {
                message.Headers.TryAddWithoutValidation(name, value);
            }

            using var response = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var answer = await ReadAsync(response.Content, either.Token);
            return response.IsSuccessStatusCode ? OnSuccess(response, answer) : OnFailure(response, answer);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new SendResult(SendOutcome.Retry, $"No answer in {Outgoing.Timeout.TotalSeconds:0} s.");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new SendResult(SendOutcome.Retry, exception.Message);
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>The result of a success status.</summary>
    protected abstract SendResult OnSuccess(HttpResponseMessage response, ReadOnlyMemory<byte> answer);

    /// <summary>The reason in an error response, if any.</summary>
    protected abstract string? ReasonOf(HttpResponseMessage response, ReadOnlyMemory<byte> answer);

    protected virtual TimeSpan? RetryAfterOf(HttpResponseMessage response) => RetryAfter(response.Headers.RetryAfter);

    private SendResult OnFailure(HttpResponseMessage response, ReadOnlyMemory<byte> answer)
    {
        var retry =
            response.StatusCode
            is HttpStatusCode.TooManyRequests
                or HttpStatusCode.BadGateway
                or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout;
        var reason = ReasonOf(response, answer);
        var status = (int)response.StatusCode;
        var message = reason is { Length: > 0 } ? $"{status}: {reason}" : $"{status} {response.StatusCode}";
        return new SendResult(retry ? SendOutcome.Retry : SendOutcome.Refused, message, RetryAfter: RetryAfterOf(response));
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header) => header?.Delta ?? (header?.Date - time.GetUtcNow());

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var answer = new byte[1 << 10];
        var length = 0;

        while (await stream.ReadAsync(answer.AsMemory(length), cancellationToken) is > 0 and var read)
        {
            length += read;

            if (length > MaxAnswerBytes)
            {
                return ReadOnlyMemory<byte>.Empty;
            }

            if (length == answer.Length)
            {
                Array.Resize(ref answer, 2 * answer.Length);
            }
        }

        return answer.AsMemory(0, length);
    }
}
