using System.Net;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Tests;

public sealed class PageTests
{
    private const string Script = "<script>alert('x')</script>\"'&";

    [Fact]
    public async Task Pages_HtmlInTelemetry_IsEncoded()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var span = Telemetry.Span(1, name: Script, failed: true);
        span.Status.Message = Script;
        span.Attributes.Add(Telemetry.Attribute(Script, Script));
        span.Events.Add(new Span.Types.Event { Name = Script, Attributes = { Telemetry.Attribute(Script, Script) } });
        await Send.TracesAsync(process, Script, span);
        await Send.LogsAsync(process, Script, Telemetry.Log(Script));

        var list = await GetAsync(process, "/traces?search=" + Uri.EscapeDataString("\"<script>\""));
        var trace = await GetAsync(process, $"/traces/{Telemetry.Trace}?span={Uri.EscapeDataString(Script)}");

        OwnScripts.AssertNoOther(list);
        OwnScripts.AssertNoOther(trace);
        Assert.Contains("&lt;script&gt;", list, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", trace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_Filtered_ShowsWhatMatches()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "orders", Telemetry.Span(1, name: "POST /orders", failed: true));
        await Send.TracesAsync(process, "worker", Telemetry.Span(2, name: "restock", trace: "00000000000000000000000000000abc"));

        var all = await GetAsync(process, "/traces");
        var failed = await GetAsync(process, "/traces?hasError=true&resource=&search=");

        Assert.Contains("POST /orders", all, StringComparison.Ordinal);
        Assert.Contains("restock", all, StringComparison.Ordinal);
        Assert.Contains("POST /orders", failed, StringComparison.Ordinal);
        Assert.DoesNotContain("restock", failed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trace_MessageBetweenServices_ShowsTheHopAndTheLogs()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var send = Telemetry.Span(10, name: "send order.placed");
        send.Kind = Span.Types.SpanKind.Producer;
        var receive = Telemetry.Span(50, parent: 10, name: "process order.placed");
        receive.Kind = Span.Types.SpanKind.Consumer;
        receive.Attributes.Add(Telemetry.Attribute("messaging.destination.name", "payments.order-placed"));
        await Send.TracesAsync(process, "orders", send);
        await Send.TracesAsync(process, "payments", receive);
        await Send.LogsAsync(process, "payments", Telemetry.Log("charge is due", span: 50));

        var page = await GetAsync(process, $"/traces/{Telemetry.Trace}");

        Assert.Contains("payments.order-placed", page, StringComparison.Ordinal);
        Assert.Contains("35.0 ms in the queue", WebUtility.HtmlDecode(page).Replace(' ', ' '), StringComparison.Ordinal);
        Assert.True(
            page.IndexOf("charge is due", StringComparison.Ordinal) > page.IndexOf("process order.placed", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Trace_ParentsInACycle_IsShownWithANote()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(
            process,
            "orders",
            Telemetry.Span(1, parent: 2, name: "hen"),
            Telemetry.Span(2, parent: 1, name: "egg"),
            Telemetry.Span(3, parent: 3, name: "self")
        );

        var page = await GetAsync(process, $"/traces/{Telemetry.Trace}");

        Assert.Contains("form a cycle", page, StringComparison.Ordinal);
        Assert.All(["hen", "egg", "self"], name => Assert.Contains(name, page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Trace_ParentMissing_IsShownWithANote()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "orders", Telemetry.Span(1, parent: 99, name: "orphan"));

        var page = await GetAsync(process, $"/traces/{Telemetry.Trace}");

        Assert.Contains("orphan", page, StringComparison.Ordinal);
        Assert.Contains("a parent that is not in the store", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Trace_TenThousandSpansDeepOrWide_IsCappedAndSaysSo(bool deep)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var spans = Enumerable
            .Range(1, 10_000)
            .Select(id =>
                Telemetry.Span(
                    (ulong)id,
                    parent: deep ? (ulong)(id - 1)
                        : id == 1 ? 0UL
                        : 1UL
                )
            );

        await Send.TracesAsync(process, "orders", [.. spans]);

        var page = await GetAsync(process, $"/traces/{Telemetry.Trace}");
        Assert.Contains("The first 1,000 of 10,000 spans are drawn", page, StringComparison.Ordinal);
        Assert.InRange(page.Length, 100_000, 2_000_000);
    }

    [Fact]
    public async Task Trace_TimesAtTheEdges_IsShown()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var backwards = Telemetry.Span(1);
        backwards.EndTimeUnixNano = 0;
        var far = Telemetry.Span(2, parent: 1);
        far.StartTimeUnixNano = ulong.MaxValue;
        far.EndTimeUnixNano = ulong.MaxValue;
        var zero = Telemetry.Span(3, parent: 1);
        zero.StartTimeUnixNano = 0;
        await Send.TracesAsync(process, "orders", backwards, far, zero);

        var page = await GetAsync(process, $"/traces/{Telemetry.Trace}");
        var list = await GetAsync(process, "/traces");

        Assert.DoesNotContain("NaN", page + list, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere", HttpStatusCode.NotFound)]
    [InlineData("/traces/00000000000000000000000000000abc", HttpStatusCode.NotFound)]
    [InlineData("/traces/x", HttpStatusCode.NotFound)]
    [InlineData("/traces?limit=x", HttpStatusCode.BadRequest)]
    [InlineData("/observatory.css", HttpStatusCode.OK)]
    public async Task Address_UnknownOrBad_SaysSo(string path, HttpStatusCode expected)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var response = await process.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(expected, response.StatusCode);
    }

    private static async Task<string> GetAsync(ObservatoryProcess process, string path)
    {
        using var response = await process.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode}");
        return text;
    }
}
