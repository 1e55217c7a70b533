using System.Net;
using System.Text.Json;

namespace Platform.Observatory.Metrics;

/// <summary>Reads JSON of a server that may be away, slow or talk without end.</summary>
internal sealed class JsonSource : IDisposable
{
    private const int MaxAnswerBytes = 4 << 20;

    private readonly HttpClient _http = new(new SocketsHttpHandler { ActivityHeadersPropagator = null, AllowAutoRedirect = false })
    {
        Timeout = TimeSpan.FromSeconds(2),
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    /// <summary>Null when it does not answer, or not with JSON.</summary>
    public async Task<JsonElement?> ReadAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            return await _http.GetFromJsonAsync<JsonElement>(address, cancellationToken);
        }
        catch (Exception exception) when (IsAway(exception, cancellationToken))
        {
            // The caller says since when.
            return null;
        }
    }

    /// <summary>False when it does not answer, or cannot take it now; what it refuses it would refuse again.</summary>
    public async Task<bool> TryPostAsync<T>(Uri address, T body, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.PostAsJsonAsync(address, body, cancellationToken);
            return (int)response.StatusCode < 500 && response.StatusCode != HttpStatusCode.TooManyRequests;
        }
        catch (Exception exception) when (IsAway(exception, cancellationToken))
        {
            return false;
        }
    }

    public void Dispose() => _http.Dispose();

    private static bool IsAway(Exception exception, CancellationToken cancellationToken) =>
        // An answer that breaks off, or says of itself what it is not, is none.
        exception is HttpRequestException or IOException or JsonException or InvalidOperationException or NotSupportedException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);
}
