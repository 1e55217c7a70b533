using System.Net.Http.Json;
using System.Text.Json;

namespace Platform.Tests.Support;

/// <summary>Observatory's query API.</summary>
public sealed class Telemetry(Uri observatory, string? apiKey, string? browserToken) : TelemetryClient(CreateClient(observatory, apiKey))
{
    /// <summary>What the AppHost prints for people.</summary>
    public string LoginAddress => $"/login?t={browserToken}";

    /// <summary>A browser that has come in by the address that the AppHost prints.</summary>
    public async Task<HttpClient> OpenBrowserAsync(CancellationToken cancellationToken)
    {
        var browser = new HttpClient { BaseAddress = observatory };
        using var response = await browser.GetAsync(LoginAddress, cancellationToken);
        response.EnsureSuccessStatusCode();
        return browser;
    }

    /// <summary>
    /// The trace, once it holds a span of that name; what comes before it in an order has been exported by then or soon after.
    /// </summary>
    public Task<Trace> WaitForSpanAsync(string traceId, string name, CancellationToken cancellationToken, TimeSpan? timeout = null) =>
        WaitForTraceAsync(
            traceId,
            spans => spans.Any(span => span.Name == name),
            $"trace {traceId} has a span {name}",
            cancellationToken,
            timeout
        );

    /// <summary>The span, in whatever trace, that links to one of these.</summary>
    public async Task<Span> WaitForLinkAsync(IReadOnlyCollection<Span> targets, CancellationToken cancellationToken)
    {
        Span? found = null;
        await Eventually.TrueAsync(
            async () =>
            {
                var answer = await Http.GetFromJsonAsync<JsonElement>("/api/telemetry/spans?limit=10000", cancellationToken);
                found = Span.Read(answer)
                    .FirstOrDefault(span => targets.Any(target => span.Links.Contains((target.TraceId, target.SpanId))));
                return found is not null;
            },
            $"a span links to {string.Join(" or ", targets)}"
        );
        return found!;
    }

    /// <summary>The answer as it is, with what Observatory says about the trace beside its spans.</summary>
    public async Task<JsonElement> RawTraceAsync(string traceId, CancellationToken cancellationToken) =>
        await Http.GetFromJsonAsync<JsonElement>($"/api/telemetry/traces/{traceId}", cancellationToken);

    public async Task<JsonElement> StatsAsync(CancellationToken cancellationToken) =>
        await Http.GetFromJsonAsync<JsonElement>("/api/telemetry/stats", cancellationToken);

    public async Task<string> LogsAsync(string query, CancellationToken cancellationToken) =>
        await Http.GetStringAsync($"/api/telemetry/logs?{query}", cancellationToken);

    private static HttpClient CreateClient(Uri address, string? apiKey)
    {
        var http = new HttpClient { BaseAddress = address };
        if (!string.IsNullOrEmpty(apiKey))
        {
            http.DefaultRequestHeaders.Add("x-api-key", apiKey);
        }

        return http;
    }

    protected override async Task<string> ContextAsync(CancellationToken cancellationToken) =>
        "Received in all: " + await Http.GetStringAsync("/api/telemetry/stats", cancellationToken);
}
