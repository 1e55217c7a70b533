using System.Globalization;
using System.Net;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Tests;

/// <summary>What arrived, what is here and what is not: as a page, as figures for programs and as metrics.</summary>
public sealed class StorePageTests
{
    private const ulong Second = 1_000_000_000;

    [Fact]
    public async Task Page_OfAnEmptyStore_SaysWhatWouldFillIt()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var page = await PageAsync(process);

        Assert.Contains("Nobody has sent anything", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Not all that was sent is here", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_AfterALoss_SaysWhatWasLostAndWhy()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var nameless = Telemetry.Span(2);
        nameless.SpanId = ByteString.Empty;
        await Send.TracesAsync(process, "orders", Telemetry.Span(1), nameless);
        await Send.HttpAsync(process, "/v1/traces", [0xFF]);

        var page = await PageAsync(process);

        Assert.Contains("refused as invalid", page, StringComparison.Ordinal);
        Assert.Contains("not readable", page, StringComparison.Ordinal);
        Assert.Contains("orders-1", page, StringComparison.Ordinal);
    }

    /// <summary>A service whose receiver was down for longer than its queue lasts.</summary>
    [Fact]
    public async Task Page_OfASenderThatLostSpans_SaysHowManyAsItsSdkCounts()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await ReportLossAsync(process, lost: 17, start: 1);

        Assert.Contains(">17 spans<", await PageAsync(process), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_OfARestartedSender_ShowsTheLossesOfAllItsRuns()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await ReportLossAsync(process, lost: 17, start: 1);
        await ReportLossAsync(process, lost: 0, start: 2);
        await ReportLossAsync(process, lost: 5, start: 2);

        Assert.Contains(">22 spans<", await PageAsync(process), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("the same run", 9, "1:3 1:9")]
    [InlineData("a run that lost more than the one before", 12, "1:3 2:9")]
    [InlineData("a report that came late", 9, "1:9 1:3")]
    [InlineData("a report of a run that is over", 12, "1:3 2:9 1:4")]
    [InlineData("no start, and less than before", 12, "0:9 0:3")]
    [InlineData("what came since the last report", 12, "1:+9 2:+3")]
    [InlineData("more than can be counted", 1L << 40, "1:9223372036854775807")]
    public async Task Losses_OfASender_AddUpOverItsRuns(string situation, long total, string reports)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        foreach (var report in reports.Split(' ').Select(report => report.Split(':')))
        {
            var start = ulong.Parse(report[0], CultureInfo.InvariantCulture);
            await ReportLossAsync(process, long.Parse(report[1], CultureInfo.InvariantCulture), start, report[1].StartsWith('+'));
        }

        var lost = process.Services.GetRequiredService<TelemetryStore>().Resources.All().Single().LostSpans;
        Assert.True(total == lost, $"{situation}: {lost}");
    }

    private static async Task ReportLossAsync(ObservatoryProcess process, long lost, ulong start, bool isDelta = false)
    {
        var metrics = Telemetry.Metrics("orders", points: 3);
        var metric = metrics.ResourceMetrics[0].ScopeMetrics[0].Metrics[0];
        metric.Name = "otel.sdk.processor.span.processed";
        metric.Sum.AggregationTemporality = isDelta ? AggregationTemporality.Delta : AggregationTemporality.Cumulative;
        metric.Sum.DataPoints[0].AsInt = 5_000;
        metric.Sum.DataPoints[1].AsInt = lost;
        metric.Sum.DataPoints[2].AsInt = lost == long.MaxValue ? 1 : 0;

        foreach (var point in metric.Sum.DataPoints)
        {
            point.StartTimeUnixNano = start;
        }

        foreach (var point in metric.Sum.DataPoints.Skip(1))
        {
            point.Attributes.Add(Telemetry.Attribute("error.type", "queue_full"));
        }

        Assert.Equal(200, (await Send.HttpAsync(process, "/v1/metrics", metrics.ToByteArray())).Status);
    }

    [Fact]
    public async Task Metrics_WithTheKey_AreTheSameFigures()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:ApiKey=key-1", "--Observatory:MaxSpans=100");
        await Send.TracesAsync(
            process,
            "orders",
            [.. Enumerable.Range(1, 120).Select(id => Telemetry.Span((ulong)id)), Telemetry.Span(120)]
        );
        await Send.LogsAsync(process, "orders", Telemetry.Log("placed"));

        // API queries wait until everything received is stored; a scrape does not.
        using var stats = new HttpRequestMessage(HttpMethod.Get, "/api/telemetry/stats") { Headers = { { "x-api-key", "key-1" } } };
        using var settled = await process.Http.SendAsync(stats, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, settled.StatusCode);
        var (refused, _) = await MetricsAsync(process, null);
        var (status, text) = await MetricsAsync(process, "Bearer key-1");

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (refused, status));
        var lines = text.Split('\n');
        Assert.Contains("# TYPE platform_observatory_received_total counter", lines);
        Assert.Contains("platform_observatory_received_total{signal=\"traces\"} 121", lines);
        Assert.Contains("platform_observatory_received_total{signal=\"logs\"} 1", lines);
        Assert.Contains("platform_observatory_duplicates_total{signal=\"traces\"} 1", lines);
        Assert.Contains("platform_observatory_evicted_total{signal=\"traces\"} 20", lines);
        Assert.Contains("platform_observatory_kept{signal=\"traces\"} 100", lines);
        const string Size = "platform_observatory_kept_size_bytes{signal=\"traces\"} ";
        Assert.Contains(lines, line => line.StartsWith(Size, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Spans_ThatAreLateOrAhead_AreCountedAndMarked()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var now = UnixTime.NanosOf(DateTimeOffset.UtcNow);
        await Send.TracesAsync(
            process,
            "orders",
            At(1, 0, "in time", now - (2 * Second)),
            At(2, 1, "kept back", now - (90 * Second)),
            At(3, 1, "of tomorrow", now + (86_400 * Second))
        );

        var stats = (await process.GetJsonAsync("/api/telemetry/stats"))["spans"]!;
        using var answer = await process.Http.GetAsync(
            new Uri("/traces/" + Telemetry.Trace, UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal((1, 1), ((int)stats["late"]!, (int)stats["ahead"]!));
        Assert.Equal((1, 1), (Count(page, ">late</span>"), Count(page, ">clock</span>")));
    }

    /// <summary>The callee's machine is 40 ms behind, which is less than a second and more than a network would explain.</summary>
    [Fact]
    public async Task Span_ThatStartsBeforeItsCallerInAnotherProcess_IsMarkedAndNotMoved()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var now = UnixTime.NanosOf(DateTimeOffset.UtcNow) - (2 * Second);
        await Send.TracesAsync(process, "gateway", At(1, 0, "call", now), At(2, 1, "own work before", now - 40_000_000));
        await Send.TracesAsync(process, "orders", At(3, 1, "served", now - 40_000_000), At(4, 3, "inside", now - 30_000_000));

        using var answer = await process.Http.GetAsync(
            new Uri("/traces/" + Telemetry.Trace, UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, Count(page, ">clock</span>"));
        Assert.Contains("the clocks differ", page, StringComparison.Ordinal);
    }

    private static Span At(ulong id, ulong parent, string name, ulong start)
    {
        var span = Telemetry.Span(id, parent, name);
        (span.StartTimeUnixNano, span.EndTimeUnixNano) = (start, start + 1_000_000);
        return span;
    }

    private static int Count(string page, string text) => page.Split(text).Length - 1;

    private static async Task<string> PageAsync(ObservatoryProcess process)
    {
        using var answer = await process.Http.GetAsync(new Uri("/store", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<(HttpStatusCode Status, string Text)> MetricsAsync(ObservatoryProcess process, string? authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var answer = await process.Management.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
