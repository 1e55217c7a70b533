using System.Net;
using System.Text.Json.Nodes;
using Platform.Observatory.Logs;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Tests;

public sealed class LogPageTests
{
    private const string Second = "00000000000000000000000000000002";

    [Theory]
    [InlineData("severity=error", "it broke")]
    [InlineData("resource=worker", "restocked")]
    [InlineData("search=tenant.id%3Dharbor", "order placed")]
    [InlineData("traceId=" + Second, "restocked")]
    [InlineData("from=2026-11-18T23:00:02Z&to=2026-11-18T23:00:03Z", "restocked")]
    public async Task Logs_FilteredByTheirAddress_ShowWhatMatches(string address, string expected)
    {
        await using var process = await FilledAsync();

        Assert.Equal([expected], Texts(await GetAsync(process, "/logs?" + address)));
    }

    [Fact]
    public async Task Logs_OfOneTrace_AreInOrderWithTheTimeSinceTheFirst()
    {
        await using var process = await FilledAsync();

        var page = await GetAsync(process, "/logs?traceId=" + Telemetry.Trace);

        Assert.Equal(["order placed", "it broke"], Texts(page));
        Assert.Contains("<span class=\"trace\">+4.00 s</span>", page, StringComparison.Ordinal);
        Assert.Contains("<div class=\"log-sep\">4.00 s later, in payments</div>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_Histogram_HasABarForEachLevelAndLeadsCloser()
    {
        await using var process = await FilledAsync();

        var page = await GetAsync(process, "/logs");

        Assert.Contains("3 lines over time, of them 0 warnings and 1 error; at most 1 in one bar", page, StringComparison.Ordinal);
        Assert.Contains("class=\"b bad\" d=\"M983.333 100v-100", page, StringComparison.Ordinal);
        Assert.Contains(
            "href=\"/logs?from=2026-11-18T23:00:00.000Z",
            page.Replace("%3A", ":", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Line_Opened_ShowsWhatItCarriesAndWhatIsAroundIt()
    {
        await using var process = await FilledAsync();
        var list = await GetAsync(process, "/logs");
        var address = list.Split("href=\"")
            .Select(part => part.Split('"')[0])
            .First(link => link.StartsWith("/logs?line=", StringComparison.Ordinal));

        var page = await GetAsync(process, address);

        Assert.Contains("Around it, in the same trace", page, StringComparison.Ordinal);
        Assert.Contains("<dd>payments</dd>", page, StringComparison.Ordinal);
        Assert.Contains($"href=\"/traces/{Telemetry.Trace}?span=0000000000000001\"", page, StringComparison.Ordinal);
        Assert.Equal(2, page.Split("<i class=\"near\"").Length - 1);
    }

    [Fact]
    public async Task Export_Ndjson_HasALineForEachWithItsAttributes()
    {
        await using var process = await FilledAsync();

        var lines = (await GetAsync(process, "/logs/export?format=ndjson&search=tenant.id%3Dharbor")).Split(
            '\n',
            StringSplitOptions.RemoveEmptyEntries
        );

        var line = JsonNode.Parse(Assert.Single(lines))!;
        Assert.Equal(
            ("order placed", "information", "orders", "harbor", Telemetry.Trace, "2026-11-18T23:00:00.000Z"),
            (
                line["message"]!.ToString(),
                line["level"]!.ToString(),
                line["service"]!.ToString(),
                line["tenant.id"]!.ToString(),
                line["trace_id"]!.ToString(),
                line["timestamp"]!.ToString()
            )
        );
    }

    [Fact]
    public async Task Export_Csv_HasAHeaderAndQuotedCells()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.LogsAsync(process, "orders", Telemetry.Log("=HYPERLINK(\"http://evil.example\")"));

        using var answer = await process.Http.GetAsync(
            new Uri("/logs/export?format=csv", UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        var lines = (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split("\r\n");

        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition?.DispositionType);
        Assert.StartsWith("timestamp,level,service,", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(",\"'=HYPERLINK(\"\"http://evil.example\"\")\"", lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain", "\"plain\"")]
    [InlineData("", "\"\"")]
    [InlineData("a,b\"c", "\"a,b\"\"c\"")]
    [InlineData("=1+1", "\"'=1+1\"")]
    [InlineData("+1", "\"'+1\"")]
    [InlineData("-1", "\"'-1\"")]
    [InlineData("@SUM(A1)", "\"'@SUM(A1)\"")]
    [InlineData("\t=1", "\"'\t=1\"")]
    [InlineData("\r=1", "\"'\r=1\"")]
    public void Cell_ThatASpreadsheetWouldCompute_IsText(string value, string expected) => Assert.Equal(expected, LogExport.Cell(value));

    [Theory]
    [InlineData("/logs/export?format=xml")]
    [InlineData("/logs/export")]
    [InlineData("/logs/export?format=csv&severity=loud")]
    [InlineData("/logs?severity=loud")]
    [InlineData("/logs/live?severity=loud")]
    [InlineData("/logs?from=x")]
    public async Task Logs_InvalidQuery_IsRefused(string path)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var answer = await process.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Tail_NewLinesThatMatch_ComeAsCountedMarkup()
    {
        await using var process = await FilledAsync();
        using var answer = await process.Http.GetAsync(
            new Uri("/logs/live?severity=error", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(": open", await ReadAsync(reader));

        await Send.LogsAsync(process, "orders", Telemetry.Log("not this"), Telemetry.Log("<script>boom", severity: 17));

        var line = await ReadAsync(reader);
        while (line.Length == 0)
        {
            line = await ReadAsync(reader);
        }

        var data = JsonNode.Parse(line["data: ".Length..])!;
        Assert.Equal(1, (int)data["count"]!);
        Assert.Contains("&lt;script&gt;boom", data["html"]!.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("<script", data["html"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_HtmlInEveryPart_IsEncoded()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var log = Telemetry.Log("<script>", severity: 17);
        log.EventName = "<script>";
        log.SeverityText = "<script>";
        log.Attributes.Add(Telemetry.Attribute("<script>", "<script>"));
        await Send.LogsAsync(process, "<script>", log);
        var list = await process.Http.GetStringAsync(new Uri("/logs", UriKind.Relative), TestContext.Current.CancellationToken);
        var line = WebUtility.HtmlDecode(
            list.Split("href=\"").Select(part => part.Split('"')[0]).First(link => link.StartsWith("/logs?line=", StringComparison.Ordinal))
        );

        OwnScripts.AssertNoOther(list);
        OwnScripts.AssertNoOther(
            await process.Http.GetStringAsync(
                new Uri(line + "&resource=%3Cscript%3E", UriKind.Relative),
                TestContext.Current.CancellationToken
            )
        );
    }

    private static async Task<ObservatoryProcess> FilledAsync()
    {
        var process = await ObservatoryProcess.StartAsync();
        var placed = Log("order placed", 0);
        placed.Attributes.Add(Telemetry.Attribute("tenant.id", "harbor"));
        await Send.LogsAsync(process, "orders", placed);
        await Send.LogsAsync(process, "worker", Log("restocked", 2, trace: Second));
        await Send.LogsAsync(process, "payments", Log("it broke", 4, severity: 17));
        return process;
    }

    private static LogRecord Log(string text, int second, int severity = 9, string trace = Telemetry.Trace)
    {
        var log = Telemetry.Log(text, severity, trace);
        log.TimeUnixNano = (ulong)(new DateTimeOffset(2026, 11, 18, 23, 0, second, TimeSpan.Zero) - DateTimeOffset.UnixEpoch).Ticks * 100;
        return log;
    }

    private static async Task<string> ReadAsync(StreamReader reader) =>
        await reader
            .ReadLineAsync(TestContext.Current.CancellationToken)
            .AsTask()
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)
        ?? throw new EndOfStreamException();

    private static List<string> Texts(string page) =>
        [
            .. page.Split("<a class=\"msg open-row\"")
                .Skip(1)
                .Select(part => part.Split("</a>")[0])
                .Select(part => part[(part.IndexOf('>', StringComparison.Ordinal) + 1)..])
                .Select(text => text.Contains("</span>", StringComparison.Ordinal) ? text.Split("</span>")[1] : text),
        ];

    private static async Task<string> GetAsync(ObservatoryProcess process, string path) =>
        WebUtility
            .HtmlDecode(await process.Http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken))
            .Replace('\u202f', ' ')
            .Replace('\u00a0', ' ');
}
