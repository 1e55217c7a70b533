using System.Net;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Platform.Observatory.Otlp;
using Platform.Observatory.Releases;

namespace Platform.Observatory.Tests;

public sealed class OverviewTests
{
    // The time that the addresses below name, so that nothing depends on the clock.
    private const string Range = "/?from=2026-11-18T10:00:00Z&to=2026-11-18T10:30:00Z";
    private static readonly DateTimeOffset Begin = new(2026, 11, 18, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Overview_NothingReceived_SaysWhatWouldFillIt()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var page = await GetAsync(process, "/");

        Assert.Contains("No requests in this time", page, StringComparison.Ordinal);
        Assert.Contains("No open issues", page, StringComparison.Ordinal);
        Assert.DoesNotContain("banner", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Orders placed", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overview_OfServices_ShowsUnreachableDependenciesUntilTheyRecover()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await SendAsync(process, "orders", minute => (10, false));
        await SendAsync(process, "payments", minute => (10, false));
        await Send.LogsAsync(
            process,
            "orders",
            Dependency("dependency.lost", "rabbitmq", 10),
            Dependency("dependency.lost", "redis", 12),
            Dependency("dependency.available", "redis", 13),
            Dependency("dependency.lost", "ordersdb", 40)
        );

        var page = await GetAsync(process, Range);

        var orders = Row(page, "orders");
        Assert.Contains("cannot reach what it needs", orders, StringComparison.Ordinal);
        Assert.Matches("rabbitmq has been unreachable since <time datetime=\"2026-11-18T10:10:00.000Z\"", orders);
        Assert.DoesNotContain("redis", orders, StringComparison.Ordinal);
        Assert.DoesNotContain("ordersdb", orders, StringComparison.Ordinal);
        Assert.Contains("as usual", Row(page, "payments"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overview_OfAService_SaysWhenItWasSeenLast()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var before = DateTimeOffset.UtcNow;
        await SendAsync(process, "orders", minute => (10, false));

        var row = Row(await GetAsync(process, Range), "orders");

        var seen = DateTimeOffset.Parse(
            row.Split("seen <time datetime=\"")[1].Split('"')[0],
            System.Globalization.CultureInfo.InvariantCulture
        );
        Assert.InRange(seen, before.AddMilliseconds(-1), DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task Overview_OfMessages_SaysHowLongTheyWaitInEachQueueNowAndUsually()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        List<Span> sent = [],
            received = [];

        for (var index = 0; index < 300; index++)
        {
            var trace = Guid.NewGuid().ToString("N");
            var (send, receive) = (Telemetry.Span(1, 0, "send shop", trace), Telemetry.Span(2, 1, "process payments", trace));
            (send.Kind, receive.Kind) = (Span.Types.SpanKind.Producer, Span.Types.SpanKind.Consumer);
            (send.StartTimeUnixNano, send.EndTimeUnixNano) = (At(index * 6), At(index * 6) + 1_000_000);

            // From minute 25 on they wait there for 2 s.
            receive.StartTimeUnixNano = send.EndTimeUnixNano + (index < 250 ? 4_000_000UL : 2_000_000_000);
            receive.EndTimeUnixNano = receive.StartTimeUnixNano + 1_000_000;
            receive.Attributes.Add(Telemetry.Attribute("messaging.destination.name", "payments.orders"));
            sent.Add(send);
            received.Add(receive);
        }

        await Send.TracesAsync(process, "orders", [.. sent]);
        await Send.TracesAsync(process, "payments", [.. received]);

        var page = await GetAsync(process, Range);

        var queue = page[page.IndexOf("id=\"queues\"", StringComparison.Ordinal)..];
        Assert.Contains("payments.orders", queue, StringComparison.Ordinal);
        Assert.Contains(">2.00 s<", queue, StringComparison.Ordinal);
        Assert.Contains("4.00 ms usual", queue, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overview_ServiceThatBeganToFail_IsFirstWithItsUsualShareAndWhoIsAffected()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await SendAsync(process, "orders", minute => (10, false));
        await SendAsync(process, "payments", minute => (10, minute >= 25));

        var page = await GetAsync(process, Range);

        Assert.Contains("charge fails in payments: 80 % of 50 requests, usually 0 %", page, StringComparison.Ordinal);
        Assert.Contains("40 users in 1 of 2 tenants since", page, StringComparison.Ordinal);
        Assert.Contains("datetime=\"2026-11-18T10:25:00.000Z\"", page, StringComparison.Ordinal);
        Assert.True(page.IndexOf("svc payments", StringComparison.Ordinal) < page.IndexOf("svc orders", StringComparison.Ordinal));
        Assert.Equal(["more errors than usual", "as usual"], States(page));
    }

    /// <summary>With the first release that Observatory hears of nothing changed: it only began to listen.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Overview_FailingShortlyAfterARelease_NamesItWhenItReplacedAnother(bool replaced)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var deploys = process.Services.GetRequiredService<DeployStore>();
        if (replaced)
        {
            deploys.Announce(new Announcement("payments", "A", null, []), Begin.AddMinutes(-60));
        }

        deploys.Announce(new Announcement("payments", "B", null, []), Begin.AddMinutes(24));
        await SendAsync(process, "payments", minute => (10, minute >= 25));

        var page = await GetAsync(process, Range);

        Assert.Contains("charge fails in payments", page, StringComparison.Ordinal);
        Assert.Equal(replaced, Regex.IsMatch(page, """shortly after <a [^>]*>payments B</a>\s+went\s+out"""));
        Assert.Equal(replaced, page.Contains("shortly after", StringComparison.Ordinal));
    }

    /// <summary>A company outside fails and no request does: charges are made later, outside of any request.</summary>
    [Theory]
    [InlineData(true, "Calls of payments to acquirer fail: 80 % of 50 calls, usually 0 %")]
    [InlineData(false, "Calls of payments to acquirer are slow: p95 3.00 s, usually 10.0 ms")]
    public async Task Overview_ExternalCallsThatFailOutsideOfRequests_AreReported(bool fails, string expected)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await SendAsync(
            process,
            "payments",
            minute =>
                minute < 25 ? (10, false)
                : fails ? (10, true)
                : (3_000, false),
            ToAcquirer
        );

        var page = await GetAsync(process, Range);

        Assert.Contains(expected, page, StringComparison.Ordinal);
        Assert.Contains(fails ? "40 users in 1 of 2 tenants since" : "50 users in 2 tenants since", page, StringComparison.Ordinal);
    }

    /// <summary>The breaker is open, and a call is made now and then.</summary>
    [Theory]
    [InlineData(5, "Calls of payments to acquirer fail: 50 % of 10 calls, usually 0 %")]
    [InlineData(4, null)]
    public async Task Overview_CallsThatFailAndAreHardlyTriedAnyMore_AreReported(int errors, string? expected)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await SendAsync(
            process,
            "payments",
            minute =>
                minute < 25 ? (10, false)
                : minute == 29 ? (10, false)
                : null,
            span =>
            {
                ToAcquirer(span);
                if (span.StartTimeUnixNano >= At(29 * 60) && span.StartTimeUnixNano < At((29 * 60) + (errors * 6)))
                {
                    span.Status = new Status { Code = Status.Types.StatusCode.Error };
                }
            }
        );

        var page = await GetAsync(process, Range);

        if (expected is null)
        {
            Assert.DoesNotContain("banner", page, StringComparison.Ordinal);
        }
        else
        {
            Assert.Contains(expected, page, StringComparison.Ordinal);
        }
    }

    /// <summary>While a company is slow a busy machine adds milliseconds to requests: those are not what is wrong.</summary>
    [Theory]
    [InlineData(40, "Calls of payments to acquirer are slow: p95 3.00 s, usually 10.0 ms")]
    [InlineData(2_900, "charge is slow in gateway: p95 2.90 s, usually 10.0 ms")]
    public async Task Overview_SlowCallAndSlowerRequests_ReportsWhatAddsTheTime(int requestMilliseconds, string expected)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await SendAsync(process, "gateway", minute => (minute < 25 ? 10 : requestMilliseconds, false));
        await SendAsync(process, "payments", minute => (minute < 25 ? 10 : 3_000, false), ToAcquirer);

        Assert.Contains(expected, await GetAsync(process, Range), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overview_ServiceThatBecameSlow_IsReportedWithItsUsualLatency()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await SendAsync(process, "payments", minute => (minute >= 20 ? 900 : 50, false));

        var page = await GetAsync(process, Range);

        Assert.Contains("charge is slow in payments: p95 900 ms, usually 50.0 ms", page, StringComparison.Ordinal);
        Assert.Contains("datetime=\"2026-11-18T10:20:00.000Z\"", page, StringComparison.Ordinal);
        Assert.Equal(["slower than usual"], States(page));
    }

    [Fact]
    public async Task Overview_ServiceThatWentSilent_SaysSo()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await SendAsync(process, "worker", minute => minute < 20 ? (10, false) : null);
        await SendAsync(process, "orders", minute => (10, false));

        Assert.Contains("silent since", States(await GetAsync(process, Range))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overview_TooLittleBefore_SaysNothingOfUsual()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await SendAsync(process, "payments", minute => minute < 25 ? null : (10, false));

        var page = await GetAsync(process, Range);

        Assert.Equal(["as usual"], States(page));
        Assert.DoesNotContain("usually", page, StringComparison.Ordinal);
        Assert.DoesNotContain("banner", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overview_OrderEvents_AreAFunnel()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.LogsAsync(
            process,
            "orders",
            [
                .. Events("order.placed", 1, 2, 3, 4),
                .. Events("order.paid", 1, 2),
                .. Events("order.paid", 1),
                .. Events("order.declined", 3),
                .. Events("order.fulfilled", 1, 9),
            ]
        );

        var page = await GetAsync(process, Range);

        Assert.Contains(
            "Of 4 orders placed, 2 are paid, 1 declined and 1 wait for payment; 1 are fulfilled",
            page,
            StringComparison.Ordinal
        );
        Assert.Contains("the oldest for 29 min 00 s", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/?range=x")]
    [InlineData("/?from=yesterday")]
    [InlineData("/?from=2026-11-18T10:30:00Z&to=2026-11-18T10:00:00Z")]
    public async Task Overview_InvalidRange_IsRefused(string path)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var answer = await process.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("/?range=5m")]
    [InlineData("/?range=24h")]
    [InlineData("/?range=all")]
    [InlineData("/?from=1970-01-02T00:00:00Z")]
    public async Task Overview_HtmlAndTimesAtTheEdges_AreShown(string path)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var far = Telemetry.Span(1, name: "<script>", failed: true);
        far.StartTimeUnixNano = far.EndTimeUnixNano = ulong.MaxValue;
        var zero = Telemetry.Span(2, name: "<script>");
        zero.StartTimeUnixNano = 0;
        await Send.TracesAsync(process, "<script>", far, zero);
        await Send.TracesAsync(process, "<script>", [.. Enumerable.Range(10, 20).Select(id => Recent((ulong)id))]);

        var page = await GetAsync(process, path);

        OwnScripts.AssertNoOther(page);
        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
    }

    private static Span Recent(ulong id)
    {
        var span = Telemetry.Span(id, name: "<script>", failed: true);
        span.StartTimeUnixNano = (ulong)(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
        span.EndTimeUnixNano = span.StartTimeUnixNano + 1;
        span.Attributes.Add(Telemetry.Attribute("tenant.id", "<script>"));
        return span;
    }

    // Ten requests a minute for half an hour; of a minute that fails eight do, all of one tenant.
    private static async Task SendAsync(
        ObservatoryProcess process,
        string service,
        Func<int, (int Milliseconds, bool Fails)?> minutes,
        Action<Span>? change = null
    )
    {
        var spans = new List<Span>();

        for (var index = 0; index < 300; index++)
        {
            if (minutes(index / 10) is not { } minute)
            {
                continue;
            }

            var span = Telemetry.Span(
                (ulong)index + 1,
                name: "charge",
                failed: minute.Fails && index % 10 < 8,
                trace: Guid.NewGuid().ToString("N")
            );
            span.StartTimeUnixNano = At(index * 6);
            span.EndTimeUnixNano = span.StartTimeUnixNano + ((ulong)minute.Milliseconds * 1_000_000);
            span.Attributes.Add(Telemetry.Attribute("tenant.id", index % 10 < 8 ? "nordwind" : "lumen"));
            span.Attributes.Add(Telemetry.Attribute("user.id", $"u-{index}"));
            change?.Invoke(span);
            spans.Add(span);
        }

        await Send.HttpAsync(process, "/v1/traces", Telemetry.Request(service, [.. spans]).ToByteArray());
    }

    private static void ToAcquirer(Span span)
    {
        (span.Kind, span.ParentSpanId) = (Span.Types.SpanKind.Client, ByteString.CopyFrom(1, 2, 3, 4, 5, 6, 7, 8));
        span.Attributes.Add(Telemetry.Attribute("peer.service", "acquirer"));
    }

    private static IEnumerable<LogRecord> Events(string name, params int[] orders) =>
        orders.Select(order =>
        {
            var log = Telemetry.Log(name, trace: order.ToString("x32", System.Globalization.CultureInfo.InvariantCulture));
            log.EventName = name;
            log.TimeUnixNano = At(60);
            return log;
        });

    private static LogRecord Dependency(string name, string dependency, int minute)
    {
        var log = Telemetry.Log("", severity: 13);
        log.EventName = name;
        log.TimeUnixNano = At(minute * 60);
        log.Attributes.Add(Telemetry.Attribute("Dependency", dependency));
        return log;
    }

    private static ulong At(int second) => (ulong)(Begin.AddSeconds(second) - DateTimeOffset.UnixEpoch).Ticks * 100;

    private static string Row(string page, string service) =>
        page.Split("<tr>").Single(row => row.Contains($">{service}</span></a></span></td>", StringComparison.Ordinal)).Split("</tr>")[0];

    private static List<string> States(string page) =>
        [
            .. page.Split("<span class=\"sr\">")
                .Skip(1)
                .Select(part => part.Split('<')[0])
                .Where(text => !text.Contains("over time", StringComparison.Ordinal)),
        ];

    private static async Task<string> GetAsync(ObservatoryProcess process, string path) =>
        WebUtility
            .HtmlDecode(
                (await process.Http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken)).Replace(
                    "&lt;",
                    "&amp;lt;",
                    StringComparison.Ordinal
                )
            )
            .Replace('\u202f', ' ')
            .Replace('\u00a0', ' ');
}
