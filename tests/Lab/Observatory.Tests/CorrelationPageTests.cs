using System.Net;
using Google.Protobuf;

namespace Platform.Observatory.Tests;

public sealed class CorrelationPageTests
{
    private const string Script = "<script>alert('x')</script>\"'&";

    [Fact]
    public async Task Pages_OfOneFailure_LeadToEachOther()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await FillAsync(process, "payments", "A");
        var id = (await Sentry.OnlyIssueAsync(process))["id"]!.ToString();

        var issues = await GetAsync(process, "/issues");
        var issue = await GetAsync(process, "/issues/" + id);
        var trace = await GetAsync(process, "/traces/" + Telemetry.Trace);
        var logs = await GetAsync(process, "/logs?resource=payments&severity=warning&search=&traceId=" + Telemetry.Trace);
        var deploys = await GetAsync(process, "/deploys");
        var search = await GetAsync(process, "/search?q=req-1");

        Assert.Contains($"href=\"/issues/{id}\"", issues, StringComparison.Ordinal);
        Assert.Contains($"href=\"/traces/{Telemetry.Trace}\"", issue, StringComparison.Ordinal);
        Assert.Contains($"href=\"/logs?traceId={Telemetry.Trace}\"", issue, StringComparison.Ordinal);
        Assert.Contains("href=\"/deploys#d1\"", issue, StringComparison.Ordinal);
        Assert.Contains("Platform.Payments.ChargeJob.ChargeAsync", issue, StringComparison.Ordinal);
        Assert.Contains($"href=\"/issues/{id}\"", trace, StringComparison.Ordinal);
        Assert.Contains("href=\"/deploys#d1\"", trace, StringComparison.Ordinal);
        Assert.Contains($"href=\"/traces/{Telemetry.Trace}\"", logs, StringComparison.Ordinal);
        Assert.Contains("id=\"d1\"", deploys, StringComparison.Ordinal);
        Assert.Contains($"href=\"/issues/{id}\"", search, StringComparison.Ordinal);
        Assert.All(
            [issues, issue, trace, logs, deploys, search],
            page =>
                Assert.All(
                    ["/issues", "/", "/logs", "/deploys"],
                    address => Assert.Contains($"<a href=\"{address}\"", page, StringComparison.Ordinal)
                )
        );
    }

    [Fact]
    public async Task Pages_HtmlInErrorsLogsAndReleases_IsEncoded()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await FillAsync(process, Script, Script);
        var item = Sentry.Event(Script, Script, Script, Script, Script);
        item["fingerprint"] = new System.Text.Json.Nodes.JsonArray("markup");
        item["breadcrumbs"]![0]!["message"] = Script;
        item["exception"]!["values"]![0]!["stacktrace"]!["frames"]![1]!["context_line"] = Script;
        item["tags"]!["service"] = Script;
        await Sentry.SendAsync(process, item);
        var issues = (await process.GetJsonAsync("/api/issues"))["issues"]!.AsArray();

        foreach (
            var path in issues
                .Select(issue => issue!["links"]!["page"]!.ToString())
                .Concat([
                    "/issues?query=" + Uri.EscapeDataString("<script>"),
                    "/logs?search=" + Uri.EscapeDataString("\"<script>\""),
                    "/deploys",
                    "/search?q=" + Uri.EscapeDataString(Script),
                    "/search?q=req-1&at=" + Uri.EscapeDataString(Script),
                ])
        )
        {
            OwnScripts.AssertNoOther(await GetAsync(process, path));
        }
    }

    [Fact]
    public async Task Status_SetByTheFormOfThePage_IsTaken()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Sentry.SendAsync(process, Sentry.Event());
        var page = $"/issues/{(await Sentry.OnlyIssueAsync(process))["id"]}";

        using var answer = await Forms.PostAsync(process, page, page + "/status", ("status", "resolved"));

        Assert.Equal((HttpStatusCode.Redirect, page), (answer.StatusCode, answer.Headers.Location?.ToString()));
        Assert.Equal("resolved", (await Sentry.OnlyIssueAsync(process))["status"]!.ToString());
    }

    [Fact]
    public async Task Status_SetByAFormOfAnotherSite_IsRefused()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Sentry.SendAsync(process, Sentry.Event());
        var id = (await Sentry.OnlyIssueAsync(process))["id"];

        using var answer = await Forms.PostFromElsewhereAsync(process, $"/issues/{id}/status", ("status", "resolved"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("new", (await Sentry.OnlyIssueAsync(process))["status"]!.ToString());
    }

    [Theory]
    [InlineData("/issues")]
    [InlineData("/logs")]
    [InlineData("/deploys")]
    [InlineData("/search")]
    public async Task Pages_NothingReceived_SayWhatIsMissing(string path)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var page = await GetAsync(process, path);

        Assert.Contains("<h1", page, StringComparison.Ordinal);
    }

    private static async Task FillAsync(ObservatoryProcess process, string service, string release)
    {
        var span = Telemetry.Span(1, failed: true);
        span.Attributes.Add(Telemetry.Attribute("request.id", "req-1"));
        var request = Telemetry.Request(service, span);
        request.ResourceSpans[0].Resource.Attributes.Add(Telemetry.Attribute("service.version", release));
        await Send.HttpAsync(process, "/v1/traces", request.ToByteArray());
        await Send.LogsAsync(process, service, Telemetry.Log($"it broke {service}", severity: 17));
        await Sentry.SendAsync(process, Sentry.Event(release: release));
    }

    private static async Task<string> GetAsync(ObservatoryProcess process, string path)
    {
        using var response = await process.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode}");
        return text;
    }
}
