using System.Globalization;
using System.Net;
using Google.Protobuf;
using Platform.Observatory.Otlp;
using static Platform.Observatory.Otlp.Span.Types;

namespace Platform.Observatory.Tests;

public sealed class TracePageTests
{
    private const string Path = "/traces/" + Telemetry.Trace;

    [Fact]
    public async Task Trace_TwoBranches_TheLaterEndIsTheCriticalPath()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "orders", Span(1, 0, "root", 0, 100), Span(2, 1, "short", 10, 40), Span(3, 1, "long", 10, 90));

        var page = await GetAsync(process, Path);

        Assert.Equal(["--s:90;--w:10", "--s:0;--w:10"], Bars(page, "root", "cp"));
        Assert.Empty(Bars(page, "short", "cp"));
        Assert.Equal(["--s:10;--w:80"], Bars(page, "long", "cp"));
        Assert.Equal(["--s:0;--w:10", "--s:90;--w:10"], Bars(page, "root", "self"));
        Assert.Contains("80.0 ms of 100 ms pass in long", Text(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trace_WorkAfterItsParentEnded_IsOnThePathWithTheWaitBetween()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "orders", Span(1, 0, "request", 0, 20), Span(2, 1, "relay", 60, 100));

        var page = await GetAsync(process, Path);

        Assert.Contains("40.0 ms until relay", page, StringComparison.Ordinal);
        Assert.Equal(["--s:60;--w:40"], Bars(page, "relay", "cp"));
        Assert.Equal(["--s:0;--w:20"], Bars(page, "request", "cp"));
    }

    /// <summary>A minute between attempts is what matters, not the few milliseconds that something else took longer than usual.</summary>
    [Fact]
    public async Task Trace_MostlyWaitingForAttempts_IsReportedAsSuch()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var attempts = Enumerable
            .Range(0, 4)
            .Select(number => Span((ulong)number + 2, 1, "POST /charges", 100 + (20_000 * number), 130 + (20_000 * number)))
            .ToArray();
        Array.ForEach(attempts, attempt => attempt.Status = new Status { Code = Status.Types.StatusCode.Error });
        await Send.TracesAsync(process, "payments", [Span(1, 0, "order", 0, 90), .. attempts]);

        var text = Text(await GetAsync(process, Path));

        Assert.Contains(
            "In 59.9 s of 1 min 00 s nothing ran, between attempts of POST /charges in payments, of which 4 failed",
            text.Replace('\u00A0', ' '),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Trace_WaitingAfterFailuresOfSomethingElse_NamesWhatCameNext()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var failed = new[] { Span(2, 1, "GET", 1, 2), Span(3, 1, "GET", 3, 4) };
        Array.ForEach(failed, call => call.Status = new Status { Code = Status.Types.StatusCode.Error });
        await Send.TracesAsync(process, "orders", [Span(1, 0, "order", 0, 90), .. failed, Span(4, 1, "process payments", 20_090, 20_100)]);

        var text = Text(await GetAsync(process, Path));

        Assert.Contains(
            "In 20.0 s of 20.1 s nothing ran, most of it before process payments in orders",
            text.Replace('\u00A0', ' '),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Trace_CallThatWaitedForTheOtherSide_IsHatched()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "payments", Span(1, 0, "call", 0, 100, SpanKind.Client));
        await Send.TracesAsync(process, "acquirer", Span(2, 1, "charge", 80, 100, SpanKind.Server));

        var page = await GetAsync(process, Path);

        Assert.Equal(["--s:0;--w:80"], Bars(page, "call", "gap"));
        Assert.Empty(Bars(page, "call", "self"));
    }

    [Fact]
    public async Task Trace_SecondAttempt_ShowsTheDelayAndTheException()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var first = Span(2, 1, "attempt", 0, 30);
        first.Status = new Status { Code = Status.Types.StatusCode.Error };
        first.Events.Add(
            new Event
            {
                Name = "exception",
                TimeUnixNano = Telemetry.Start,
                Attributes =
                {
                    Telemetry.Attribute("exception.type", "System.TimeoutException"),
                    Telemetry.Attribute("exception.message", "no answer"),
                },
            }
        );
        await Send.TracesAsync(process, "payments", Span(1, 0, "root", 0, 100), first, Span(3, 1, "attempt", 50, 90));

        var page = await GetAsync(process, Path);

        Assert.Contains("before the next attempt", page, StringComparison.Ordinal);
        Assert.Contains("20.0 ms", page, StringComparison.Ordinal);
        Assert.Contains("TimeoutException: no answer", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trace_SlowerThanOthersOfItsRoute_SaysByHowMuch()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        for (var other = 1; other <= 25; other++)
        {
            var trace = other.ToString("x32", CultureInfo.InvariantCulture);
            await Send.TracesAsync(
                process,
                "payments",
                Span(1, 0, "request", 0, 40, trace: trace),
                Span(2, 1, "charge_card", 5, 30, trace: trace)
            );
        }

        await Send.TracesAsync(process, "payments", Span(1, 0, "request", 0, 500), Span(2, 1, "charge_card", 5, 480));

        var page = await GetAsync(process, Path);
        var usual = await GetAsync(process, "/traces/" + 1.ToString("x32", CultureInfo.InvariantCulture));

        Assert.Contains("475 ms of 500 ms pass in charge_card, usually 25.0 ms", Text(page), StringComparison.Ordinal);
        Assert.Contains("usually 40.0 ms, of 25 traces", page, StringComparison.Ordinal);
        Assert.Contains("+450 ms", page, StringComparison.Ordinal);
        Assert.DoesNotContain("wf-delta slow", usual, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trace_LinkedFromAnother_LeadsBack()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var hook = Span(7, 0, "POST /webhooks", 500, 510, trace: "00000000000000000000000000000abc");
        hook.Links.Add(new Link { TraceId = ByteString.CopyFrom(Convert.FromHexString(Telemetry.Trace)), SpanId = Telemetry.Id(1) });
        await Send.TracesAsync(process, "orders", Span(1, 0, "request", 0, 40));
        await Send.TracesAsync(process, "gateway", hook);

        Assert.Contains(
            "Linked from <a href=\"/traces/00000000000000000000000000000abc?span=0000000000000007\">POST /webhooks</a>",
            await GetAsync(process, Path),
            StringComparison.Ordinal
        );
        Assert.Contains(
            $"href=\"{Path}?span=0000000000000001\"",
            await GetAsync(process, "/traces/00000000000000000000000000000abc"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Trace_Zoomed_ShowsThatPartOnly()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "orders", Span(1, 0, "root", 0, 100), Span(2, 1, "early", 0, 10), Span(3, 1, "late", 60, 80));

        var page = await GetAsync(process, Path + "?from=50&to=100");

        Assert.Empty(Bars(page, "early", "bar"));
        Assert.Equal(["--s:20;--w:40"], Bars(page, "late", "bar"));
        Assert.Contains("Show all of it", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("view=service", "On the critical path")]
    [InlineData("view=table&sort=self", "Own time")]
    public async Task Trace_OtherViews_AreShown(string address, string expected)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "<script>", Span(1, 0, "<script>", 0, 100));

        var page = await process.Http.GetStringAsync(new Uri($"{Path}?{address}", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Contains(expected, page, StringComparison.Ordinal);
        OwnScripts.AssertNoOther(page);
    }

    [Theory]
    [InlineData("view=x")]
    [InlineData("sort=x")]
    [InlineData("from=x")]
    [InlineData("from=9&to=3")]
    public async Task Trace_InvalidQuery_IsRefused(string address)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "orders", Span(1, 0, "root", 0, 100));

        using var answer = await process.Http.GetAsync(
            new Uri($"{Path}?{address}", UriKind.Relative),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private static Span Span(
        ulong id,
        ulong parent,
        string name,
        int from,
        int to,
        SpanKind kind = SpanKind.Internal,
        string trace = Telemetry.Trace
    )
    {
        var span = Telemetry.Span(id, parent, name, trace);
        span.Kind = kind;
        span.StartTimeUnixNano = Telemetry.Start + ((ulong)from * 1_000_000);
        span.EndTimeUnixNano = Telemetry.Start + ((ulong)to * 1_000_000);
        return span;
    }

    // The marks of one CSS class in the lane of a span.
    private static List<string> Bars(string page, string name, string cssClass) =>
        [
            .. page.Split("<a class=\"wf-row")
                .Skip(1)
                .Where(row => row.Contains($"<b class=\"cut\">{name}</b>", StringComparison.Ordinal))
                .SelectMany(row => row.Split("</a>")[0].Split($"<i class=\"{cssClass}\" style=\"").Skip(1))
                .Select(mark => mark.Split('"')[0]),
        ];

    private static string Text(string page) => System.Text.RegularExpressions.Regex.Replace(page, "<[^>]*>", "");

    private static async Task<string> GetAsync(ObservatoryProcess process, string path) =>
        WebUtility
            .HtmlDecode(await process.Http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken))
            .Replace('\u202f', ' ')
            .Replace('\u00a0', ' ');
}
