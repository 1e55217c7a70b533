using System.Net;
using System.Net.Http.Headers;

namespace Sentry.Sending;

/// <summary>Sends one envelope at a time. Nothing is sent twice: what fails is counted.</summary>
internal sealed class EnvelopeSender : IDisposable
{
    private const int MaxErrorBody = 1024;

    private static readonly TimeSpan LimitWithoutHeader = TimeSpan.FromSeconds(60);

    private readonly SentryOptions _options;
    private readonly Dsn _dsn;
    private readonly RateLimits _limits;
    private readonly ClientReports _reports;
    private readonly HttpClient _client;

    public EnvelopeSender(Dsn dsn, SentryOptions options, RateLimits limits, ClientReports reports)
    {
        _options = options;
        _dsn = dsn;
        _limits = limits;
        _reports = reports;
        _client = new HttpClient(new SocketsHttpHandler
        {
            // Without a propagator the handler makes no Activity: reporting an error must not show up as a span of the platform.
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        {
            // A slow server keeps the queue waiting this long for each envelope, and never a caller.
            Timeout = TimeSpan.FromSeconds(15),
        };
        options.ConfigureClient?.Invoke(_client);
    }

    /// <summary>Sends <paramref name="item"/>, or with null only what was counted.</summary>
    public async Task SendAsync(EnvelopeItem? item, CancellationToken cancellationToken)
    {
        if (item is not null && _limits.IsLimited(item.Category))
        {
            _reports.Record(Discard.RateLimit, item.Category);
            return;
        }

        var report = _reports.Take();
        var items = new List<EnvelopeItem>(2);
        if (item is not null)
        {
            items.Add(item);
        }

        if (report.Count > 0)
        {
            items.Add(ClientReports.ToItem(report));
        }

        if (items.Count == 0)
        {
            return;
        }

        try
        {
            using var request = ToRequest(items);
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!await WasAcceptedAsync(response, item?.Category, cancellationToken))
            {
                _reports.Restore(report);
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            _options.Log(SentryLevel.Error, "An envelope could not be sent and is dropped.", exception);
            _reports.Restore(report);
            if (item is not null)
            {
                _reports.Record(Discard.NetworkError, item.Category);
            }
        }
    }

    public void Dispose() => _client.Dispose();

    private HttpRequestMessage ToRequest(List<EnvelopeItem> items)
    {
        var body = EnvelopeItem.Compress(items, _options);
        var content = new ByteArrayContent(body.Array!, body.Offset, body.Count);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-sentry-envelope");
        content.Headers.ContentEncoding.Add("gzip");
        var client = $"{_options.SdkName}/{SdkInformation.Version}";
        var request = new HttpRequestMessage(HttpMethod.Post, _dsn.EnvelopeUri) { Content = content };
        request.Headers.TryAddWithoutValidation("User-Agent", client);
        request.Headers.TryAddWithoutValidation(
            "X-Sentry-Auth", $"Sentry sentry_version=7,sentry_client={client},sentry_key={_dsn.PublicKey}");
        return request;
    }

    private async Task<bool> WasAcceptedAsync(HttpResponseMessage response, string? category, CancellationToken cancellationToken)
    {
        var limitsRead = response.Headers.TryGetValues("X-Sentry-Rate-Limits", out var values) && _limits.TryUpdate(string.Join(',', values));
        if (response.StatusCode == HttpStatusCode.OK)
        {
            return true;
        }

        if (response.StatusCode == HttpStatusCode.TooManyRequests)
        {
            // The server counts what it rejected by a limit; the client must not count it again.
            if (!limitsRead)
            {
                _limits.LimitAll(LimitWithoutHeader);
            }
        }
        else if ((int)response.StatusCode >= 400 && category is not null)
        {
            _reports.Record(Discard.SendError, category);
        }

        _options.Log(
            SentryLevel.Error, "The server answered {0}: {1}", null, (int)response.StatusCode, await ReadStartAsync(response, cancellationToken));
        return false;
    }

    private static async Task<string> ReadStartAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxErrorBody];
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return System.Text.Encoding.UTF8.GetString(buffer, 0, length);
    }
}
