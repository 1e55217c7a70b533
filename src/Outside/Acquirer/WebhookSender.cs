using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Platform.OutsideCompany;

namespace Platform.Acquirer;

/// <summary>Posts due deliveries until the receiver responds 2xx or attempts run out.</summary>
internal sealed partial class WebhookSender : BackgroundService
{
    // Concurrent posts: one hanging receiver must not block the rest.
    private const int Workers = 8;

    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan[] RetryDelays = [.. new[] { 1, 2, 5, 10, 30 }.Select(seconds => TimeSpan.FromSeconds(seconds))];

    private readonly WebhookQueue _queue;
    private readonly BehaviourSwitch _behaviour;
    private readonly AcquirerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<WebhookSender> _logger;
    private readonly HttpClient _http;

    public WebhookSender(
        WebhookQueue queue,
        BehaviourSwitch behaviour,
        IOptions<AcquirerOptions> options,
        TimeProvider time,
        ILogger<WebhookSender> logger
    )
    {
        _queue = queue;
        _behaviour = behaviour;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                PooledConnectionLifetime = TimeSpan.FromMinutes(2),

                // The customer's trace ends here: no traceparent and no baggage on the way back.
                ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
            }
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    // A key of the same length that nobody else has.
    private string SigningKey =>
        _behaviour.Current.WebhooksMissigned ? new string('0', _options.WebhookSecret!.Length) : _options.WebhookSecret!;

    public static int MaxAttempts => RetryDelays.Length + 1;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        _options.WebhookUrl is { } url
            ? Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => DeliverAsync(url, stoppingToken)))
            : Task.CompletedTask;

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    private async Task DeliverAsync(Uri url, CancellationToken cancellationToken)
    {
        while (true)
        {
            var delivery = await _queue.TakeAsync(cancellationToken);
            var failure = await AttemptAsync(url, delivery, cancellationToken);
            if (failure is null)
            {
                _queue.Delivered();
            }
            else if (delivery.Attempt < MaxAttempts)
            {
                _queue.Retry(delivery, RetryDelays[delivery.Attempt - 1]);
            }
            else
            {
                LogGivenUp(delivery.EventId, delivery.Attempt, failure);
                _queue.GiveUp();
            }
        }
    }

    /// <summary>Null on success (2xx), otherwise the failure.</summary>
    private async Task<string?> AttemptAsync(Uri url, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(delivery.Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        request.Headers.Add("Acquirer-Signature", Sign(delivery.Body, _time.GetUtcNow(), SigningKey));
        request.Headers.Add("Acquirer-Delivery-Attempt", delivery.Attempt.ToString(CultureInfo.InvariantCulture));

        using var timeout = new CancellationTokenSource(AttemptTimeout, _time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ended.Token);
            return response.IsSuccessStatusCode ? null : $"status {(int)response.StatusCode}";
        }
        catch (HttpRequestException exception)
        {
            // The delivery is retried, and logged when it is abandoned.
            return exception.HttpRequestError.ToString();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "no answer in time";
        }
    }

    /// <summary>t=1767225600,v1=5257a869...: the HMAC covers "t.body", so that neither can be changed or replayed later alone.</summary>
    private static string Sign(byte[] body, DateTimeOffset now, string secret)
    {
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.ASCII.GetBytes(timestamp), (byte)'.', .. body];
        return $"t={timestamp},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed))}";
    }

    [LoggerMessage(EventId = 5111, Level = LogLevel.Warning, Message = "Webhook {EventId} given up after {Attempts} attempts: {Reason}.")]
    private partial void LogGivenUp(string eventId, int attempts, string reason);
}
