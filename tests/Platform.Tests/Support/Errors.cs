using System.Net.Http.Json;
using System.Text.Json;

namespace Platform.Tests.Support;

/// <summary>Issues and events, as Observatory's API shows them.</summary>
public static class Errors
{
    public static async Task<IReadOnlyList<JsonElement>> IssuesAsync(this Telemetry telemetry, CancellationToken cancellationToken) =>
        [
            .. (await telemetry.Http.GetFromJsonAsync<JsonElement>("/api/issues?limit=500", cancellationToken))
                .GetProperty("issues")
                .EnumerateArray(),
        ];

    /// <summary>The kept events of all issues that happened since.</summary>
    public static async Task<IReadOnlyList<JsonElement>> EventsSinceAsync(
        this Telemetry telemetry,
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        var events = new List<JsonElement>();
        foreach (var issue in await telemetry.IssuesAsync(cancellationToken))
        {
            var answer = await telemetry.Http.GetFromJsonAsync<JsonElement>(issue.GetProperty("links").Text("events"), cancellationToken);
            events.AddRange(
                answer.GetProperty("events").EnumerateArray().Where(item => item.GetProperty("time").GetDateTimeOffset() >= since)
            );
        }

        return events;
    }

    /// <summary>The first event of a trace, once it is there.</summary>
    public static async Task<JsonElement> WaitForEventAsync(
        this Telemetry telemetry,
        string traceId,
        CancellationToken cancellationToken,
        TimeSpan? timeout = null
    ) =>
        (
            await Eventually.GetAsync(
                () => telemetry.EventsSinceAsync(DateTimeOffset.MinValue, cancellationToken),
                events => events.Any(item => item.Text("traceId") == traceId),
                $"an event of trace {traceId} arrives",
                timeout
            )
        ).First(item => item.Text("traceId") == traceId);
}
