using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Platform.Observatory.Tests;

/// <summary>Acts as a Sentry SDK: events, envelopes, and requests with them.</summary>
internal static class Sentry
{
    public const string Key = "0123456789abcdef0123456789abcdef";

    public static JsonObject Event(
        string value = "The acquirer did not answer",
        string type = "Platform.Payments.AcquirerTimeoutException",
        string? release = "2026.11.20-c07d3be",
        string user = "u-1",
        string tenant = "nordwind",
        int line = 41
    )
    {
        return new JsonObject
        {
            ["event_id"] = Guid.NewGuid().ToString("N"),
            ["platform"] = "csharp",
            ["level"] = "error",
            ["release"] = release,
            ["environment"] = "production",
            ["transaction"] = "POST /charges",
            ["user"] = new JsonObject { ["id"] = user },
            ["tags"] = new JsonObject
            {
                ["service"] = "payments",
                ["tenant_id"] = tenant,
                ["request_id"] = "req-1",
            },
            ["contexts"] = new JsonObject
            {
                ["trace"] = new JsonObject { ["trace_id"] = Telemetry.Trace, ["span_id"] = "0000000000000007" },
            },
            ["breadcrumbs"] = new JsonArray(
                new JsonObject
                {
                    ["category"] = "http",
                    ["message"] = "POST /authorize",
                    ["data"] = new JsonObject { ["status"] = "504" },
                }
            ),
            ["exception"] = new JsonObject
            {
                ["values"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = type,
                        ["value"] = value,
                        ["stacktrace"] = new JsonObject
                        {
                            ["frames"] = new JsonArray(
                                Frame("Microsoft.AspNetCore.Routing", "Invoke", 12, inApp: false),
                                Frame("Platform.Payments.ChargeJob", "<ChargeAsync>d__12.MoveNext", line, inApp: true),
                                Frame("System.Net.Http", "SendAsync", 99, inApp: false)
                            ),
                        },
                    }
                ),
            },
        };
    }

    public static JsonObject Frame(string module, string function, int line, bool inApp) =>
        new()
        {
            ["module"] = module,
            ["function"] = function,
            ["lineno"] = line,
            ["in_app"] = inApp,
        };

    public static JsonObject CheckIn(string status, string schedule, string? id = null) =>
        new()
        {
            ["check_in_id"] = id ?? Guid.NewGuid().ToString("N"),
            ["monitor_slug"] = "restock",
            ["status"] = status,
            ["monitor_config"] = JsonNode.Parse(schedule),
        };

    public static byte[] Envelope(params (string Type, JsonNode Payload)[] items)
    {
        var text = new StringBuilder($$"""{"dsn":"http://{{Key}}@127.0.0.1/1","sent_at":"2026-11-21T10:00:00Z"}""").Append('\n');

        foreach (var (type, payload) in items)
        {
            var json = payload.ToJsonString();
            text.Append($$"""{"length":{{Encoding.UTF8.GetByteCount(json)}},"type":"{{type}}"}""").Append('\n').Append(json).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    public static Task<SentryAnswer> SendAsync(ObservatoryProcess process, JsonObject item) =>
        PostAsync(process, Envelope(("event", item)));

    public static async Task<SentryAnswer> PostAsync(
        ObservatoryProcess process,
        byte[] body,
        string path = "/api/1/envelope/",
        string? encoding = null,
        string? contentType = null,
        string? auth = null
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };

        if (contentType is not null)
        {
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        if (encoding is not null)
        {
            request.Content.Headers.ContentEncoding.Add(encoding);
        }

        if (auth is not null)
        {
            request.Headers.Add("X-Sentry-Auth", auth);
        }

        using var response = await process.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return new SentryAnswer(
            (int)response.StatusCode,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            response.Headers.TryGetValues("X-Sentry-Rate-Limits", out var limits) ? limits.Single() : null,
            response.Headers.TryGetValues("Access-Control-Allow-Origin", out var origins) ? origins.Single() : null
        );
    }

    public static async Task<JsonNode> OnlyIssueAsync(ObservatoryProcess process)
    {
        var list = await process.GetJsonAsync("/api/issues");
        return Assert.Single(list["issues"]!.AsArray())!;
    }
}

internal sealed record SentryAnswer(int Status, string Text, string? RateLimits, string? AllowOrigin);
