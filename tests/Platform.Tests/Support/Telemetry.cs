using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Platform.Tests.Support;

public sealed record Span(
    string Service,
    string Release,
    string Scope,
    string TraceId,
    string SpanId,
    string? ParentSpanId,
    string Name,
    string Kind,
    bool IsError,
    IReadOnlyDictionary<string, string> Attributes,
    IReadOnlyList<(string TraceId, string SpanId)> Links
)
{
    public string? this[string attribute] => Attributes.GetValueOrDefault(attribute);

    public override string ToString() => $"{Service}: {Name} <{Kind}>";
}

/// <summary>Observatory's query API.</summary>
public sealed class Telemetry(Uri observatory, string? apiKey, string? browserToken)
{
    private static readonly string[] Kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];

    private readonly HttpClient _http = CreateClient(observatory, apiKey);

    public HttpClient Http => _http;

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

    public async Task<IReadOnlyList<Span>> TraceAsync(string traceId, CancellationToken cancellationToken)
    {
        using var response = await _http.GetAsync($"/api/telemetry/traces/{traceId}", cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return [];
        }

        response.EnsureSuccessStatusCode();
        return Read(await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken));
    }

    /// <summary>
    /// The trace, once it holds a span of that name; what comes before it in an order has been exported by then or soon after.
    /// </summary>
    public Task<IReadOnlyList<Span>> WaitForSpanAsync(
        string traceId,
        string name,
        CancellationToken cancellationToken,
        TimeSpan? timeout = null
    ) =>
        WaitForTraceAsync(
            traceId,
            spans => spans.Any(span => span.Name == name),
            $"trace {traceId} has a span {name}",
            cancellationToken,
            timeout
        );

    public async Task<IReadOnlyList<Span>> WaitForTraceAsync(
        string traceId,
        Func<IReadOnlyList<Span>, bool> condition,
        string what,
        CancellationToken cancellationToken,
        TimeSpan? timeout = null
    )
    {
        IReadOnlyList<Span> spans = [];
        try
        {
            await Eventually.GetAsync(
                async () =>
                {
                    spans = await TraceAsync(traceId, cancellationToken);
                    return (Holds: condition(spans), Spans: string.Join(", ", spans));
                },
                seen => seen.Holds,
                what,
                timeout
            );
        }
        catch (Xunit.Sdk.FailException exception)
        {
            using var stats = await _http.GetAsync("/api/telemetry/stats", cancellationToken);
            Assert.Fail($"{exception.Message}; received in all: {await stats.Content.ReadAsStringAsync(cancellationToken)}");
        }

        return spans;
    }

    /// <summary>The span, in whatever trace, that links to one of these.</summary>
    public async Task<Span> WaitForLinkAsync(IReadOnlyCollection<Span> targets, CancellationToken cancellationToken)
    {
        Span? found = null;
        await Eventually.BeTrueAsync(
            async () =>
            {
                var answer = await _http.GetFromJsonAsync<JsonElement>("/api/telemetry/spans?limit=10000", cancellationToken);
                found = Read(answer).FirstOrDefault(span => targets.Any(target => span.Links.Contains((target.TraceId, target.SpanId))));
                return found is not null;
            },
            $"a span links to {string.Join(" or ", targets)}"
        );
        return found!;
    }

    /// <summary>The answer as it is, with what Observatory says about the trace beside its spans.</summary>
    public async Task<JsonElement> RawTraceAsync(string traceId, CancellationToken cancellationToken) =>
        await _http.GetFromJsonAsync<JsonElement>($"/api/telemetry/traces/{traceId}", cancellationToken);

    public async Task<JsonElement> StatsAsync(CancellationToken cancellationToken) =>
        await _http.GetFromJsonAsync<JsonElement>("/api/telemetry/stats", cancellationToken);

    public async Task<string> LogsAsync(string query, CancellationToken cancellationToken) =>
        await _http.GetStringAsync($"/api/telemetry/logs?{query}", cancellationToken);

    private static HttpClient CreateClient(Uri address, string? apiKey)
    {
        var http = new HttpClient { BaseAddress = address };
        if (!string.IsNullOrEmpty(apiKey))
        {
            http.DefaultRequestHeaders.Add("x-api-key", apiKey);
        }

        return http;
    }

    /// <summary>Spans of an answer in OTLP JSON, Observatory's or that of Aspire's dashboard.</summary>
    public static IReadOnlyList<Span> Read(JsonElement answer)
    {
        var spans = new List<Span>();
        foreach (var resource in Items(answer.GetProperty("data"), "resourceSpans"))
        {
            var attributes = Attributes(resource.GetProperty("resource"));
            foreach (var scope in Items(resource, "scopeSpans"))
            {
                foreach (var span in Items(scope, "spans"))
                {
                    spans.Add(Read(span, attributes, scope.GetProperty("scope").GetProperty("name").GetString() ?? ""));
                }
            }
        }

        return spans;
    }

    private static Span Read(JsonElement span, IReadOnlyDictionary<string, string> resource, string scope) =>
        new(
            resource["service.name"],
            resource.GetValueOrDefault("service.version", ""),
            scope,
            span.GetProperty("traceId").GetString()!,
            span.GetProperty("spanId").GetString()!,
            span.TryGetProperty("parentSpanId", out var parent) && parent.GetString() is { Length: > 0 } id ? id : null,
            span.GetProperty("name").GetString()!,
            Kinds[span.GetProperty("kind").GetInt32()],
            span.TryGetProperty("status", out var status) && status.TryGetProperty("code", out var code) && code.GetInt32() == 2,
            Attributes(span),
            [.. Items(span, "links").Select(link => (link.GetProperty("traceId").GetString()!, link.GetProperty("spanId").GetString()!))]
        );

    private static Dictionary<string, string> Attributes(JsonElement owner) =>
        Items(owner, "attributes")
            .ToDictionary(
                attribute => attribute.GetProperty("key").GetString()!,
                attribute => attribute.GetProperty("value").EnumerateObject().FirstOrDefault().Value.ToString()
            );

    private static IEnumerable<JsonElement> Items(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var items) ? items.EnumerateArray() : [];
}
