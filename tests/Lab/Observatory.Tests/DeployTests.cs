using System.Net.Http.Json;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Platform.Observatory.Deploys;
using Platform.Observatory.Issues;
using Platform.Observatory.Otlp;
using Platform.Observatory.Releases;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Tests;

public sealed class DeployTests
{
    [Fact]
    public async Task Telemetry_WithAReleaseNotSeenBefore_MakesOneMarker()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await SendAsync(process, "A", "payments-1", Telemetry.Span(1));
        await SendAsync(process, "A", "payments-2", Telemetry.Span(2));
        await SendAsync(process, "B", "payments-1", Telemetry.Span(3));
        await SendAsync(process, "A", "payments-2", Telemetry.Span(4));

        var deploys = (await process.GetJsonAsync("/api/deploys"))["deploys"]!.AsArray();

        Assert.Equal(["B", "A"], deploys.Select(deploy => deploy!["release"]!.ToString()));
        Assert.Equal(
            ("A", "production", "telemetry"),
            (deploys[0]!["previousRelease"]!.ToString(), deploys[0]!["environment"]!.ToString(), deploys[0]!["source"]!.ToString())
        );
        Assert.Equal(["payments-1", "payments-2"], deploys[1]!["instances"]!.AsArray().Select(instance => instance!.ToString()));
        Assert.Equal("too little traffic", deploys[0]!["effect"]!["verdict"]!.ToString());
    }

    [Fact]
    public async Task Announcement_ThenTelemetry_IsOneMarkerAndARollbackAnother()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:ApiKey=key-1");
        process.Http.DefaultRequestHeaders.Add("x-api-key", "key-1");
        await SendAsync(process, "A", "payments-1", Telemetry.Span(1));
        using var announced = await AnnounceAsync(
            process,
            new
            {
                service = "payments",
                release = "B",
                environment = "production",
            }
        );
        await SendAsync(process, "B", "payments-1", Telemetry.Span(2));
        using var rolledBack = await AnnounceAsync(process, new { service = "payments", release = "A" });
        using var bad = await AnnounceAsync(process, new { service = "payments" });

        var deploys = (await process.GetJsonAsync("/api/deploys?service=payments"))["deploys"]!.AsArray();

        Assert.Equal((201, 201, 400), ((int)announced.StatusCode, (int)rolledBack.StatusCode, (int)bad.StatusCode));
        Assert.Equal(["A", "B", "A"], deploys.Select(deploy => deploy!["release"]!.ToString()));
        Assert.Equal(["payments-1"], deploys[1]!["instances"]!.AsArray().Select(instance => instance!.ToString()));
    }

    [Theory]
    [InlineData(20, 0, 20, 0, "unchanged")]
    [InlineData(20, 0, 90, 0, "worse")]
    [InlineData(90, 0, 20, 0, "better")]
    [InlineData(20, 0, 20, 30, "worse")]
    [InlineData(20, 30, 20, 0, "better")]
    [InlineData(20, 30, 90, 0, "worse")]
    public async Task Effect_OfADeploy_ComparesEqualWindows(
        int milliseconds,
        int errors,
        int millisecondsAfter,
        int errorsAfter,
        string verdict
    )
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var deploys = process.Services.GetRequiredService<DeployStore>();
        var at = UnixTime.Of(Telemetry.Start);
        deploys.Announce(new Announcement("payments", "A", null, []), at.AddHours(-1));
        var deploy = deploys.Announce(new Announcement("payments", "B", null, []), at);
        await Send.TracesAsync(
            process,
            "payments",
            [.. Requests(1, at.AddMinutes(-10), milliseconds, errors), .. Requests(1_001, at, millisecondsAfter, errorsAfter)]
        );
        await process.GetJsonAsync("/api/telemetry/stats");

        var effect = new DeployEffects(
            process.Services.GetRequiredService<TelemetryStore>(),
            process.Services.GetRequiredService<IssueStore>(),
            deploys,
            at.AddMinutes(10)
        ).Of(deploy);

        Assert.Equal((verdict, 600, 200, 200), (effect.Verdict, effect.WindowSeconds, effect.Before.Requests, effect.After.Requests));
    }

    [Fact]
    public async Task Trace_AnsweredOrShown_LeadsToItsIssuesAndDeploys()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await SendAsync(process, "A", "payments-1", Telemetry.Span(1));
        await Sentry.SendAsync(process, Sentry.Event());

        var links = (await process.GetJsonAsync($"/api/telemetry/traces/{Telemetry.Trace}"))["links"]!;

        Assert.Equal((await Sentry.OnlyIssueAsync(process))["id"]!.ToString(), links["issues"]![0]!["id"]!.ToString());
        Assert.Equal("A", links["deploys"]![0]!["release"]!.ToString());
    }

    [Theory]
    [InlineData("q=ord-1")]
    [InlineData("q=req-1")]
    [InlineData("q=" + Telemetry.Trace)]
    public async Task Search_ById_IsATimelineOfAllSignals(string query)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await FillAsync(process);

        var timeline = await process.GetJsonAsync("/api/search?" + query);

        var signals = timeline["entries"]!.AsArray().Select(entry => entry!["signal"]!.ToString()).ToList();
        Assert.Equal(["deploy", "event", "log", "span", "span"], signals.Order(StringComparer.Ordinal));
        Assert.All(
            timeline["entries"]!.AsArray(),
            entry => Assert.StartsWith("/", entry!["links"]!["page"]!.ToString(), StringComparison.Ordinal)
        );
        Assert.Empty((await process.GetJsonAsync("/api/search?q=ord-2"))["entries"]!.AsArray());
    }

    [Fact]
    public async Task Search_ByMoment_ShowsWhatWentWrongAroundIt()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await FillAsync(process);
        var now = DateTimeOffset.UnixEpoch.AddTicks(TimeProvider.System.GetUtcNow().Ticks - DateTimeOffset.UnixEpoch.Ticks);

        var around = await process.GetJsonAsync($"/api/search?at={now:yyyy-MM-ddTHH:mm}Z&window=2m");
        var elsewhere = await process.GetJsonAsync("/api/search?at=2020-01-01T00:00:00Z&window=1h");
        using var bad = await process.Http.GetAsync(
            new Uri("/api/search?at=noon", UriKind.Relative),
            TestContext.Current.CancellationToken
        );

        Assert.Contains("event", around["entries"]!.AsArray().Select(entry => entry!["signal"]!.ToString()));
        Assert.Empty(elsewhere["entries"]!.AsArray());
        Assert.Equal(400, (int)bad.StatusCode);
    }

    /// <summary>A page that polls for an order makes many traces: they do not hide the order.</summary>
    [Fact]
    public async Task Search_OfAUserWithManyTraces_ShowsWhatDidMostAndWhatFailed()
    {
        const string Failed = "00000000000000000000000000000abc";
        await using var process = await ObservatoryProcess.StartAsync();
        var now = UnixTime.NanosOf(TimeProvider.System.GetUtcNow());
        await SendAsync(process, "A", "orders-1", [.. Enumerable.Range(1, 20).Select(id => Of((ulong)id, Telemetry.Trace))]);
        await SendAsync(process, "A", "orders-1", [Of(30, Failed, failed: true)]);
        await SendAsync(process, "A", "orders-1", [.. Enumerable.Range(100, 200).Select(id => Of((ulong)id, $"{id:x32}"))]);

        // And what the same user did hours ago does not either.
        await SendAsync(
            process,
            "A",
            "orders-1",
            [.. Enumerable.Range(1000, 100).SelectMany(id => new[] { Old((ulong)id, $"{id:x32}"), Old((ulong)id + 5000, $"{id:x32}") })]
        );

        var timeline = await process.GetJsonAsync($"/api/search?q=u-1&at={TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ss}Z&window=5m");

        var shown = timeline["entries"]!.AsArray().Select(entry => entry!["traceId"]?.ToString()).ToList();
        Assert.Equal(20, shown.Count(trace => trace == Telemetry.Trace));
        Assert.Contains(Failed, shown);
        Assert.Equal((50, true), (timeline["traces"]!.GetValue<int>(), timeline["tracesCapped"]!.GetValue<bool>()));

        Span Of(ulong id, string trace, bool failed = false)
        {
            var span = Telemetry.Span(id, trace: trace, failed: failed);
            span.Attributes.Add(Telemetry.Attribute("user.id", "u-1"));
            (span.StartTimeUnixNano, span.EndTimeUnixNano) = (now, now + 1_000_000);
            return span;
        }

        Span Old(ulong id, string trace)
        {
            const ulong TwoHours = 2UL * 3600 * 1_000_000_000;
            var span = Of(id, trace);
            (span.StartTimeUnixNano, span.EndTimeUnixNano) = (now - TwoHours, now - TwoHours + 1_000_000);
            return span;
        }
    }

    private static async Task FillAsync(ObservatoryProcess process)
    {
        var span = Telemetry.Span(1);
        span.Attributes.Add(Telemetry.Attribute("request.id", "req-1"));
        span.Attributes.Add(Telemetry.Attribute("platform.order.id", "ord-1"));
        var now = UnixTime.NanosOf(TimeProvider.System.GetUtcNow());
        (span.StartTimeUnixNano, span.EndTimeUnixNano) = (now, now + 1_000_000);
        var child = Telemetry.Span(2, parent: 1);
        (child.StartTimeUnixNano, child.EndTimeUnixNano) = (now, now + 500_000);
        var log = Telemetry.Log("charged");
        log.TimeUnixNano = now;
        await SendAsync(process, "A", "payments-1", span, child);
        await Send.LogsAsync(process, "payments", log);
        await Sentry.SendAsync(process, Sentry.Event());
    }

    private static IEnumerable<Span> Requests(ulong firstId, DateTimeOffset from, int milliseconds, int errors) =>
        Enumerable
            .Range(0, 200)
            .Select(number =>
            {
                var span = Telemetry.Span(firstId + (ulong)number, failed: number < errors);
                span.StartTimeUnixNano = UnixTime.NanosOf(from.AddSeconds(number * 2));
                span.EndTimeUnixNano = span.StartTimeUnixNano + ((ulong)(milliseconds + (number % 3)) * 1_000_000);
                return span;
            });

    private static Task<HttpAnswer> SendAsync(ObservatoryProcess process, string release, string instance, params Span[] spans)
    {
        var request = Telemetry.Request("payments", spans);
        var attributes = request.ResourceSpans[0].Resource.Attributes;
        attributes.Remove(attributes.Single(attribute => attribute.Key == "service.instance.id"));
        attributes.Add(Telemetry.Attribute("service.instance.id", instance));
        attributes.Add(Telemetry.Attribute("service.version", release));
        attributes.Add(Telemetry.Attribute("deployment.environment.name", "production"));
        return Send.HttpAsync(process, "/v1/traces", request.ToByteArray());
    }

    private static Task<HttpResponseMessage> AnnounceAsync(ObservatoryProcess process, object body) =>
        process.Http.PostAsJsonAsync(new Uri("/api/deploys", UriKind.Relative), body, TestContext.Current.CancellationToken);
}
