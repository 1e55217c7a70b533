using Google.Protobuf;
using Microsoft.Extensions.Options;

namespace Platform.Observatory.Tests;

public sealed class AspireLinkTests
{
    private const string Setting = "--Observatory:DashboardUrl=http://localhost:18888/";
    private const string Range = "from=2026-11-18T11:00:00Z&to=2026-11-18T11:07:00Z";
    private const string Resource = "href=\"http://localhost:18888/?resource=orders\"";

    [Fact]
    public async Task Pages_ThatNameAService_LeadToItInAspiresDashboard()
    {
        await using var process = await ObservatoryProcess.StartAsync(Setting);
        var pages = await PagesAsync(process);

        Assert.All(pages.Values, page => Assert.Contains("<a href=\"http://localhost:18888/\">", page, StringComparison.Ordinal));
        Assert.All(pages.Values, page => Assert.Contains("Aspire's dashboard</a>", page, StringComparison.Ordinal));
        Assert.All(
            pages.Where(page => page.Key != "logs"),
            page => Assert.True(page.Value.Contains(Resource, StringComparison.Ordinal), page.Key)
        );
        Assert.Contains("href=\"http://localhost:18888/structuredlogs/resource/orders\"", pages["logs"], StringComparison.Ordinal);
        Assert.Contains("href=\"http://localhost:18888/consolelogs/resource/orders\"", pages["trace"], StringComparison.Ordinal);
        Assert.Contains($"href=\"http://localhost:18888/traces/detail/{Telemetry.Trace}\"", pages["trace"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_WithoutTheAddress_HaveNoLink()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        Assert.All((await PagesAsync(process)).Values, page => Assert.DoesNotContain("Aspire", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Links_OfAnyName_AreEncoded()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:DashboardUrl=https://shop.example/aspire");
        await Send.TracesAsync(process, "a b&<c>/d", Telemetry.Span(1));

        var page = await GetAsync(process, "/traces/" + Telemetry.Trace);

        Assert.Contains("href=\"https://shop.example/aspire/?resource=a%20b%26%3Cc%3E%2Fd\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_OfOneService_AreWhatLinksFromAspiresDashboardOpen()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        foreach (var (service, trace) in new[] { ("orders", new string('1', 32)), ("payments", new string('2', 32)) })
        {
            await Send.TracesAsync(process, service, Telemetry.Span(1, name: "POST /" + service, trace: trace));
            var item = Sentry.Event();
            item["fingerprint"] = new System.Text.Json.Nodes.JsonArray(service);
            item["tags"]!["service"] = service;
            await Sentry.SendAsync(process, item);
        }

        var (traces, issues) = (await GetAsync(process, "/traces?resource=orders"), await GetAsync(process, "/issues?service=orders"));

        Assert.Contains("/traces/" + new string('1', 32), traces, StringComparison.Ordinal);
        Assert.DoesNotContain("/traces/" + new string('2', 32), traces, StringComparison.Ordinal);
        Assert.Equal(2, issues.Split("href=\"/issues/").Length);
        Assert.All([traces, issues], page => Assert.Contains("<option value=\"orders\" selected", page, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/traces?resource=worker")]
    [InlineData("/issues?service=worker")]
    public async Task Lists_OfAServiceThatSentNothing_SayWhoseTheyWouldBe(string address)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        Assert.Contains("<option value=\"worker\" selected", await GetAsync(process, address), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost:18888")]
    [InlineData("/dashboard")]
    [InlineData("ftp://localhost")]
    [InlineData("http://localhost:18888/login?t=secret")]
    [InlineData("http://user:secret@localhost:18888")]
    public async Task DashboardUrl_ThatIsNoAddressOfADashboard_IsNamedAtTheStart(string address)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            ObservatoryProcess.StartAsync("--Observatory:DashboardUrl=" + address)
        );

        Assert.Contains("Observatory:DashboardUrl", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.Message, StringComparison.Ordinal);
    }

    private static async Task<Dictionary<string, string>> PagesAsync(ObservatoryProcess process)
    {
        var call = Telemetry.Span(2, parent: 1);
        call.Kind = Otlp.Span.Types.SpanKind.Client;
        call.Attributes.Add(Telemetry.Attribute("server.address", "acquirer"));
        var request = Telemetry.Request("orders", Telemetry.Span(1), call);
        request.ResourceSpans[0].Resource.Attributes.Add(Telemetry.Attribute("service.version", "2.0"));
        await Send.HttpAsync(process, "/v1/traces", request.ToByteArray());
        await Send.LogsAsync(process, "orders", Telemetry.Log("one"));
        var item = Sentry.Event();
        item["tags"]!["service"] = "orders";
        await Sentry.SendAsync(process, item);
        var issue = await Sentry.OnlyIssueAsync(process);
        return new Dictionary<string, string>
        {
            ["overview"] = await GetAsync(process, "/?" + Range),
            ["map"] = await GetAsync(process, "/map?" + Range),
            ["trace"] = await GetAsync(process, "/traces/" + Telemetry.Trace),
            ["line of the logs"] = await GetAsync(process, $"/logs?line={Telemetry.Start}-0000000000000001"),
            ["logs"] = await GetAsync(process, "/logs?resource=orders"),
            ["issue"] = await GetAsync(process, $"/issues/{issue["id"]}"),
            ["deploys"] = await GetAsync(process, "/deploys"),
        };
    }

    private static async Task<string> GetAsync(ObservatoryProcess process, string path) =>
        (await process.Http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken)).Replace(
            "&#x27;",
            "'",
            StringComparison.Ordinal
        );
}
