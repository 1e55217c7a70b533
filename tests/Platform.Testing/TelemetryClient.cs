using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.Testing;

namespace Platform.Testing;

/// <summary>Reads traces from Aspire's dashboard, or from what has the same API: /api/telemetry/traces/{id} in OTLP JSON.</summary>
/// <param name="http">With the address, and the key in x-api-key.</param>
public class TelemetryClient(HttpClient http)
{
    public HttpClient Http => http;

    /// <summary>A client for the dashboard of an AppHost that runs in a test (DisableDashboard = false).</summary>
    /// <param name="app">The running application.</param>
    /// <param name="apiKey">
    /// Configuration AppHost:DashboardApiKey of its builder, read before it started: another AppHost may change the user secrets that it
    /// comes from, and the running application would read the new one.
    /// </param>
    /// <param name="resource">What has the API: the dashboard, or another resource with an http endpoint.</param>
    public static TelemetryClient Of(DistributedApplication app, string? apiKey, string resource = "aspire-dashboard")
    {
        ArgumentNullException.ThrowIfNull(app);
        return new(new HttpClient { BaseAddress = app.GetEndpoint(resource, "http"), DefaultRequestHeaders = { { "x-api-key", apiKey } } });
    }

    /// <summary>The trace as far as it has arrived; empty when nothing of it has.</summary>
    public async Task<Trace> TraceAsync(string traceId, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(new Uri($"/api/telemetry/traces/{traceId}", UriKind.Relative), cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return new Trace(traceId, [], []);
        }

        response.EnsureSuccessStatusCode();
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return new Trace(
            traceId,
            Span.Read(answer),
            answer.TryGetProperty("duplicates", out var twice)
                ? [.. twice.EnumerateArray().Select(span => span.GetProperty("spanId").GetString()!)]
                : []
        );
    }

    /// <summary>Waits until the condition holds: services export when they like, so that a trace arrives in parts.</summary>
    /// <param name="traceId">32 hex digits.</param>
    /// <param name="condition">True for a trace that is complete, say one that has its last span and BeginsHere.</param>
    /// <param name="what">What is waited for, for the failure.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="timeout">60 seconds if null.</param>
    /// <exception cref="TraceAssertionException">It did not hold in time; with the tree of what had arrived.</exception>
    public async Task<Trace> WaitForTraceAsync(
        string traceId,
        Func<Trace, bool> condition,
        string what,
        CancellationToken cancellationToken,
        TimeSpan? timeout = null
    )
    {
        var trace = new Trace(traceId, [], []);
        HttpRequestException? failure = null;
        try
        {
            return await Eventually.GetAsync(ReadAsync, condition, what, timeout);
        }
        catch (TimeoutException)
        {
            var limit = timeout ?? Eventually.DefaultTimeout;
            throw new TraceAssertionException(
                $"Trace {traceId}: {what}: not within {limit.TotalSeconds} s.{Environment.NewLine}{trace}{Environment.NewLine}"
                    + (failure is null ? await ContextAsync(cancellationToken) : $"The last request failed: {failure.Message}"),
                failure
            );
        }

        // Who has the trace may be starting. What it refuses (a wrong key) it will go on to refuse.
        async Task<Trace> ReadAsync()
        {
            try
            {
                trace = await TraceAsync(traceId, cancellationToken);
                failure = null;
            }
            catch (HttpRequestException exception) when (exception.StatusCode is null or >= HttpStatusCode.InternalServerError)
            {
                failure = exception;
            }

            return trace;
        }
    }

    /// <summary>
    /// Waits until the trace has that span and its first one, and no parent is on its way. For a request without a traceparent: the parent
    /// of its first span would never come.
    /// </summary>
    /// <exception cref="TraceAssertionException">It did not in time; with the tree of what had arrived.</exception>
    public Task<Trace> WaitForTraceAsync(string traceId, string lastService, string lastSpan, CancellationToken cancellationToken) =>
        WaitForTraceAsync(
            traceId,
            trace => trace.Contains(lastService, lastSpan) && trace.BeginsHere,
            $"it has \"{lastSpan}\" of {lastService}, its first span, and no orphan",
            cancellationToken
        );

    /// <summary>What may explain why a trace did not arrive; for the failure.</summary>
    protected virtual Task<string> ContextAsync(CancellationToken cancellationToken) => Task.FromResult("");
}
