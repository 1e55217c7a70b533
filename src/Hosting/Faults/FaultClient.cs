using System.Net.Http.Json;

namespace Platform.Faults;

/// <summary>A client of the control channel.</summary>
internal sealed class FaultClient(Uri address, string key)
{
    // Injecting and undoing wait for servers.
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    /// <exception cref="FaultException">Refused; the message says why.</exception>
    public Task InjectAsync(string resource, string name, FaultRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"faults/{resource}/{name}", JsonContent.Create(request), cancellationToken);

    /// <summary>Ends all faults, or all of one resource.</summary>
    /// <exception cref="FaultException">Some are still on; the message says which, and why.</exception>
    public Task EndAllAsync(string? resource, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Delete,
            resource is null ? "faults/state" : $"faults/state?resource={Uri.EscapeDataString(resource)}",
            null,
            cancellationToken
        );

    private async Task SendAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = address, Timeout = Timeout };
        using var request = new HttpRequestMessage(method, path) { Content = body, Headers = { { FaultControl.KeyHeader, key } } };
        using var response = await http.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            var refusal = await response.Content.ReadFromJsonAsync<Refusal>(cancellationToken);
            throw new FaultException(refusal?.Detail ?? refusal?.Title ?? response.StatusCode.ToString());
        }
    }

    private sealed record Refusal(string? Title, string? Detail);
}
