using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting.Testing;

namespace Platform.Tests.Support;

/// <summary>A service's dead letters, as an operator sees them on the management port.</summary>
public static class DeadLetterBox
{
    public static async Task<IReadOnlyList<JsonElement>> ListAsync(
        PlatformFixture platform,
        string service,
        CancellationToken cancellationToken
    )
    {
        using var http = new HttpClient { BaseAddress = platform.App.GetEndpoint(service, "management") };
        http.DefaultRequestHeaders.Add("X-Management-Key", platform.ManagementKey);
        return [.. (await http.GetFromJsonAsync<JsonElement>("/dead-letters", cancellationToken)).EnumerateArray()];
    }

    public static async Task<HttpResponseMessage> WithoutTheKeyAsync(
        PlatformFixture platform,
        string service,
        CancellationToken cancellationToken
    )
    {
        using var http = new HttpClient { BaseAddress = platform.App.GetEndpoint(service, "management") };
        return await http.GetAsync("/dead-letters", cancellationToken);
    }
}
