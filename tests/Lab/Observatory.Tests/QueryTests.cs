using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Platform.Observatory.Tests;

public sealed class QueryTests
{
    private const string OtherTrace = "00000000000000000000000000000abc";

    [Fact]
    public async Task Trace_SpanReceivedTwice_IsKeptOnceAndSaysSo()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        await Send.TracesAsync(process, "orders", Telemetry.Span(1), Telemetry.Span(2));
        await Send.TracesAsync(process, "orders", Telemetry.Span(2));
        await Send.TracesAsync(process, "orders", Telemetry.Span(2));

        var trace = await process.GetJsonAsync($"/api/telemetry/traces/{Telemetry.Trace}");
        Assert.Equal(2, (int?)trace["totalCount"]);
        Assert.Equal("""[{"spanId":"0000000000000002","received":3}]""", trace["duplicates"]!.ToJsonString());
        var stats = await process.GetJsonAsync("/api/telemetry/stats");
        Assert.Equal((4, 2, 2), ((int?)stats["spans"]!["received"], (int?)stats["spans"]!["duplicate"], (int?)stats["spans"]!["stored"]));
    }

    [Fact]
    public async Task Trace_LargeWithDuplicates_FindsEachOfThem()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var spans = Enumerable.Range(1, 500).Select(id => Telemetry.Span((ulong)id)).ToArray();

        await Send.TracesAsync(process, "orders", spans);
        await Send.TracesAsync(process, "orders", spans);

        var trace = await process.GetJsonAsync($"/api/telemetry/traces/{Telemetry.Trace}");
        Assert.Equal((500, 500), ((int?)trace["totalCount"], trace["duplicates"]!.AsArray().Count));
    }

    [Fact]
    public async Task Trace_Unknown_Is404Problem()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var response = await process.Http.GetAsync(
            new Uri($"/api/telemetry/traces/{OtherTrace}", UriKind.Relative),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Store_Full_EvictsTheOldestAndCountsThem()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:MaxSpans=100", "--Observatory:MaxLogs=100");

        await Send.TracesAsync(process, "orders", [.. Enumerable.Range(1, 250).Select(id => Telemetry.Span((ulong)id))]);
        await Send.LogsAsync(process, "orders", [.. Enumerable.Range(1, 120).Select(id => Telemetry.Log($"log {id}"))]);

        var stats = await process.GetJsonAsync("/api/telemetry/stats");
        Assert.Equal((100, 150), ((int?)stats["spans"]!["stored"], (int?)stats["spans"]!["evicted"]));
        Assert.Equal((100, 20), ((int?)stats["logs"]!["stored"], (int?)stats["logs"]!["evicted"]));
        var trace = await process.GetJsonAsync($"/api/telemetry/traces/{Telemetry.Trace}");
        Assert.Equal("0000000000000097", (string?)Spans(trace)[0]!["spanId"]);
    }

    [Fact]
    public async Task Store_AboveItsBytes_EvictsTheOldest()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:MaxSpanBytes=1048576");
        var value = new string('x', 8_000);

        for (var id = 1UL; id <= 20; id++)
        {
            var span = Telemetry.Span(id, trace: id.ToString("x32", System.Globalization.CultureInfo.InvariantCulture));
            span.Attributes.AddRange(Enumerable.Range(0, 20).Select(index => Telemetry.Attribute($"a{index}", value)));
            await Send.TracesAsync(process, "orders", span);
        }

        var stats = await process.GetJsonAsync("/api/telemetry/stats");
        Assert.InRange((long)stats["spans"]!["storedBytes"]!, 1, 1_048_576);
        Assert.Equal((6, 14, 6), ((int?)stats["spans"]!["stored"], (int?)stats["spans"]!["evicted"], (int?)stats["spans"]!["traces"]));
    }

    [Theory]
    [InlineData("", 4)]
    [InlineData("resource=orders", 2)]
    [InlineData("resource=ORDERS-orders-1", 2)]
    [InlineData("resource=orders&resource=payments", 4)]
    [InlineData("resource=nobody", 0)]
    [InlineData("hasError=true", 1)]
    [InlineData("hasError=false", 3)]
    [InlineData("traceId=00000000000000000000000000000abc", 1)]
    [InlineData("search=CHARGE", 1)]
    [InlineData("search=nordWIND", 1)]
    [InlineData("search=0000000000000abc", 1)]
    [InlineData("search=nowhere", 0)]
    [InlineData("limit=3", 3)]
    public async Task Spans_Filtered_AreTheOnesThatMatch(string query, int expected)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var tagged = Telemetry.Span(2);
        tagged.Attributes.Add(Telemetry.Attribute("tenant.id", "Nordwind"));
        await Send.TracesAsync(process, "orders", Telemetry.Span(1), tagged);
        await Send.TracesAsync(
            process,
            "payments",
            Telemetry.Span(3, name: "charge_card", failed: true),
            Telemetry.Span(4, trace: OtherTrace)
        );

        var answer = await process.GetJsonAsync("/api/telemetry/spans?" + query);

        Assert.Equal(expected, (int?)answer["returnedCount"]);
        Assert.Equal(
            expected,
            answer["data"]!["resourceSpans"]!
                .AsArray()
                .Sum(group => group!["scopeSpans"]!.AsArray().Sum(scope => scope!["spans"]!.AsArray().Count))
        );
    }

    [Theory]
    [InlineData("", 3)]
    [InlineData("severity=warning", 2)]
    [InlineData("severity=Error", 1)]
    [InlineData("search=BODY-two", 1)]
    [InlineData("traceId=5b8efff798038103d269b633813fc60c", 3)]
    [InlineData("traceId=00000000000000000000000000000abc", 0)]
    public async Task Logs_Filtered_AreTheOnesThatMatch(string query, int expected)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.LogsAsync(process, "orders", Telemetry.Log("body-one"), Telemetry.Log("body-two", 13), Telemetry.Log("body-three", 17));

        var answer = await process.GetJsonAsync("/api/telemetry/logs?" + query);

        Assert.Equal(expected, (int?)answer["totalCount"]);
    }

    /// <summary>From is inclusive, to is exclusive.</summary>
    [Theory]
    [InlineData("from={0}", 2)]
    [InlineData("to={0}", 1)]
    [InlineData("from={0}&to={1}", 1)]
    [InlineData("from={1}&to={0}", 0)]
    public async Task Records_OfAWindow_AreThoseThatBeganInIt(string query, int expected)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var begin = DateTimeOffset.UtcNow.AddMinutes(-10);
        for (var minute = 0; minute < 3; minute++)
        {
            var span = Telemetry.Span((ulong)(minute + 1), trace: $"0000000000000000000000000000{minute + 1:x4}");
            span.StartTimeUnixNano = (ulong)(begin.AddMinutes(minute) - DateTimeOffset.UnixEpoch).Ticks * 100;
            span.EndTimeUnixNano = span.StartTimeUnixNano + 1;
            var log = Telemetry.Log("body");
            log.TimeUnixNano = span.StartTimeUnixNano;
            await Send.TracesAsync(process, "orders", span);
            await Send.LogsAsync(process, "orders", log);
        }

        var window = string.Format(CultureInfo.InvariantCulture, query, Escaped(begin.AddMinutes(1)), Escaped(begin.AddMinutes(2)));
        foreach (var signal in new[] { "spans", "logs", "traces" })
        {
            Assert.Equal(expected, (int?)(await process.GetJsonAsync($"/api/telemetry/{signal}?{window}"))["totalCount"]);
        }

        static string Escaped(DateTimeOffset time) => Uri.EscapeDataString(time.ToString("O"));
    }

    [Fact]
    public async Task Traces_Limited_AreTheNewestAndWhole()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "gateway", Telemetry.Span(1), Telemetry.Span(100, trace: OtherTrace));
        await Send.TracesAsync(process, "payments", Telemetry.Span(101, trace: OtherTrace, failed: true));

        var one = await process.GetJsonAsync("/api/telemetry/traces?limit=1");
        var failed = await process.GetJsonAsync("/api/telemetry/traces?hasError=true&resource=gateway");

        Assert.Equal((2, 1), ((int?)one["totalCount"], (int?)one["returnedCount"]));
        Assert.Equal(2, Spans(one).Count);
        Assert.All(Spans(one), span => Assert.Equal(OtherTrace, (string?)span!["traceId"]));
        Assert.Equal(2, Spans(failed).Count);
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=10001")]
    [InlineData("limit=many")]
    [InlineData("traceId=xyz")]
    [InlineData("hasError=maybe")]
    [InlineData("from=yesterday")]
    [InlineData("to=25:99")]
    [InlineData("severity=loud")]
    public async Task Query_ThatCannotBeRead_Is400Problem(string query)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var response = await process.Http.GetAsync(
            new Uri("/api/telemetry/logs?" + query, UriKind.Relative),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Follow_NewSpans_AreStreamedAsLines()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "orders", Telemetry.Span(1, name: "before"));
        using var response = await process.Http.GetAsync(
            new Uri("/api/telemetry/spans?follow=true&resource=orders", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        using var lines = new StreamReader(stream);

        await Send.TracesAsync(process, "payments", Telemetry.Span(2, name: "other"));
        await Send.TracesAsync(process, "orders", Telemetry.Span(3, name: "after"));

        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("before", await NameAsync(lines));
        Assert.Equal("after", await NameAsync(lines));
    }

    [Fact]
    public async Task Follow_ProcessStops_EndsTheStream()
    {
        var process = await ObservatoryProcess.StartAsync();
        using var client = new HttpClient { BaseAddress = process.Http.BaseAddress };
        using var response = await client.GetAsync(
            new Uri("/api/telemetry/logs?follow=true", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);

        await process.DisposeAsync();

        var read = await stream
            .ReadAsync(new byte[1], TestContext.Current.CancellationToken)
            .AsTask()
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(0, read);
    }

    [Fact]
    public async Task Resources_AllSignals_AreListedOnce()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        await Send.TracesAsync(process, "orders", Telemetry.Span(1));
        await Send.TracesAsync(process, "orders", Telemetry.Span(2));
        await Send.LogsAsync(process, "worker", Telemetry.Log("one"));

        var resources = (await process.GetJsonAsync("/api/telemetry/resources")).AsArray();
        Assert.Equal(["orders", "worker"], resources.Select(resource => (string?)resource!["name"]));
        Assert.Equal((true, false), ((bool?)resources[0]!["hasTraces"], (bool?)resources[0]!["hasLogs"]));
    }

    private static List<JsonNode?> Spans(JsonNode answer) =>
        [
            .. answer["data"]!["resourceSpans"]!
                .AsArray()
                .SelectMany(group => group!["scopeSpans"]!.AsArray())
                .SelectMany(scope => scope!["spans"]!.AsArray()),
        ];

    private static async Task<string?> NameAsync(StreamReader lines)
    {
        var line = await lines
            .ReadLineAsync(TestContext.Current.CancellationToken)
            .AsTask()
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        return (string?)JsonNode.Parse(line!)!["resourceSpans"]![0]!["scopeSpans"]![0]!["spans"]![0]!["name"];
    }
}
