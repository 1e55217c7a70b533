using System.Net;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Tests;

public sealed class TraceListTests
{
    [Theory]
    [InlineData("route=POST%20/orders", "POST /orders")]
    [InlineData("min=100ms", "slow")]
    [InlineData("min=0.1s", "slow")]
    [InlineData("hasError=true", "broken")]
    [InlineData("resource=worker", "slow")]
    [InlineData("search=tenant.id%3Dharbor", "POST /orders")]
    [InlineData("from=2026-11-18T10:40:00Z&to=2026-11-18T10:50:00Z", "broken")]
    public async Task List_FilteredByItsAddress_ShowsWhatMatches(string address, string expected)
    {
        await using var process = await FilledAsync();

        Assert.Equal([expected], Names(await GetAsync(process, "/traces?" + address)));
    }

    [Theory]
    [InlineData("duration", "slow,POST /orders,broken")]
    [InlineData("start", "broken,slow,POST /orders")]
    [InlineData("errors", "broken,slow,POST /orders")]
    public async Task List_Sorted_HasTheLargestFirst(string sort, string expected)
    {
        await using var process = await FilledAsync();

        Assert.Equal(expected.Split(','), Names(await GetAsync(process, "/traces?sort=" + sort)));
    }

    [Fact]
    public async Task List_SecondPage_HasTheRest()
    {
        await using var process = await FilledAsync();

        var first = await GetAsync(process, "/traces?limit=2");
        var second = await GetAsync(process, "/traces?limit=2&page=2");

        Assert.Equal(["broken", "slow"], Names(first));
        Assert.Equal(["POST /orders"], Names(second));
        Assert.Contains("href=\"/traces?limit=2&page=2\"", first, StringComparison.Ordinal);
        Assert.DoesNotContain("Next page", second, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_GroupedByAnAttribute_CountsTracesAndLeadsToEach()
    {
        await using var process = await FilledAsync();

        var page = await GetAsync(process, "/traces?by=tenant.id");

        Assert.Contains("Grouped by tenant.id", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/traces?search=tenant.id%3D%22harbor%22\">harbor</a>", page, StringComparison.Ordinal);
        Assert.Contains(">(none)</a>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_Chart_HasADotForEachTraceAndLeadsCloser()
    {
        await using var process = await FilledAsync();

        var page = await GetAsync(process, "/traces?range=all");
        var dots = page.Split("class=\"pt").Skip(1).Select(part => part.Split("\"")[2].Split("h0").Length - 1);

        Assert.Equal(3, dots.Sum());
        Assert.Contains("class=\"pt bad\"", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/traces?from=2026-11-18T1", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("min=soon")]
    [InlineData("sort=x")]
    [InlineData("page=0")]
    [InlineData("by=%3Cscript%3E")]
    [InlineData("range=x")]
    [InlineData("search=%3D")]
    public async Task List_InvalidQuery_IsRefused(string address)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var answer = await process.Http.GetAsync(
            new Uri("/traces?" + address, UriKind.Relative),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        OwnScripts.AssertNoOther(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task List_HtmlInNamesGroupsAndAddress_IsEncoded()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var span = Telemetry.Span(1, name: "<script>");
        span.Attributes.Add(Telemetry.Attribute("tenant.id", "<script>"));
        await Send.TracesAsync(process, "<script>", span);

        OwnScripts.AssertNoOther(await GetRawAsync(process, "/traces?by=tenant.id&x=%22%3E%3Cscript%3E&route=%3Cscript%3E"));
        OwnScripts.AssertNoOther(await GetRawAsync(process, "/traces?by=tenant.id&%3Cscript%3E=%22%3E%3Cscript%3E"));
    }

    [Fact]
    public async Task List_RootThatOnlyCalls_IsNamedByWhatItCalled()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var call = Telemetry.Span(1, name: "POST");
        call.Kind = Span.Types.SpanKind.Client;
        await Send.TracesAsync(process, "traffic", call);
        await Send.TracesAsync(process, "gateway", Telemetry.Span(2, parent: 1, name: "POST /api/orders"));

        Assert.Equal(["POST /api/orders"], Names(await GetAsync(process, "/traces")));
    }

    private static async Task<ObservatoryProcess> FilledAsync()
    {
        var process = await ObservatoryProcess.StartAsync();
        var order = Trace(1, "POST /orders", "2026-11-18T10:00:00Z", 20, false);
        order.Attributes.Add(Telemetry.Attribute("tenant.id", "harbor"));
        await Send.TracesAsync(process, "orders", order);
        await Send.TracesAsync(process, "worker", Trace(2, "slow", "2026-11-18T10:30:00Z", 200, false));
        await Send.TracesAsync(process, "orders", Trace(3, "broken", "2026-11-18T10:45:00Z", 10, true));
        return process;
    }

    private static Span Trace(ulong id, string name, string at, int milliseconds, bool failed)
    {
        var span = Telemetry.Span(
            id,
            name: name,
            trace: id.ToString("x32", System.Globalization.CultureInfo.InvariantCulture),
            failed: failed
        );
        span.StartTimeUnixNano =
            (ulong)(DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture) - DateTimeOffset.UnixEpoch).Ticks * 100;
        span.EndTimeUnixNano = span.StartTimeUnixNano + ((ulong)milliseconds * 1_000_000);
        return span;
    }

    private static List<string> Names(string page) =>
        [.. page.Split("<a class=\"plain strong\" href=\"/traces/").Skip(1).Select(part => part.Split('>')[1].Split('<')[0])];

    private static async Task<string> GetAsync(ObservatoryProcess process, string path) =>
        WebUtility.HtmlDecode(await GetRawAsync(process, path));

    private static Task<string> GetRawAsync(ObservatoryProcess process, string path) =>
        process.Http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
}
