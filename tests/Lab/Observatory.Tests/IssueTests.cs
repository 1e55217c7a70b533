using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Platform.Observatory.Issues;
using Platform.Observatory.Monitors;

namespace Platform.Observatory.Tests;

public sealed class IssueTests
{
    [Fact]
    public async Task Events_TwoHundredThatDifferOnlyInIds_AreOneIssue()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        for (var number = 0; number < 200; number++)
        {
            var item = Sentry.Event(
                $"Charge {number} of order {Guid.NewGuid()} failed at 10.0.0.{number}",
                user: $"u-{number % 30}",
                tenant: $"t-{number % 3}",
                line: number
            );
            Assert.Equal(200, (await Sentry.SendAsync(process, item)).Status);
        }

        var issue = await Sentry.OnlyIssueAsync(process);
        Assert.Equal(
            (200, 30, 3, "new"),
            ((int)issue["count"]!, (int)issue["users"]!, (int)issue["tenants"]!, issue["status"]!.ToString())
        );
        var events = await process.GetJsonAsync($"/api/issues/{issue["id"]}/events");
        Assert.Equal((50, 200), (events["events"]!.AsArray().Count, (int)events["totalCount"]!));
        var details = await process.GetJsonAsync($"/api/issues/{issue["id"]}");
        Assert.Equal(200, details["overTime"]!["buckets"]!.AsArray().Sum(bucket => (int)bucket!["count"]!));
        Assert.Equal(67, (int)details["tags"]!.AsArray().Single(tag => tag!["key"]!.ToString() == "tenant_id")!["values"]![0]!["count"]!);
    }

    [Fact]
    public async Task Event_InATrace_LeadsToTraceLogsAndPage()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Sentry.SendAsync(process, Sentry.Event());

        var issue = await Sentry.OnlyIssueAsync(process);
        var item = (await process.GetJsonAsync($"/api/issues/{issue["id"]}/events"))["events"]![0]!;

        Assert.Equal(Telemetry.Trace, item["traceId"]!.ToString());
        Assert.Equal($"/api/telemetry/traces/{Telemetry.Trace}", item["links"]!["trace"]!.ToString());
        Assert.Equal($"/api/telemetry/logs?traceId={Telemetry.Trace}", item["links"]!["logs"]!.ToString());
        Assert.Equal($"/issues/{issue["id"]}", item["links"]!["page"]!.ToString());
        Assert.Equal("Platform.Payments.ChargeJob.ChargeAsync", item["details"]!["exceptions"]![0]!["frames"]![0]!["function"]!.ToString());
    }

    [Theory]
    [InlineData("2026.11.20-c07d3be", "resolved")]
    [InlineData("2026.11.19-aaaaaaa", "resolved")]
    [InlineData("2026.11.21-9f4a21c", "regressed")]
    public async Task Resolved_SeenAgain_RegressesInANewerReleaseOnly(string release, string status)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Sentry.SendAsync(process, Sentry.Event());
        var id = (await Sentry.OnlyIssueAsync(process))["id"]!.ToString();
        using var resolved = await SetStatusAsync(process, id, "resolved");

        await Sentry.SendAsync(process, Sentry.Event(release: release));

        Assert.Equal(200, (int)resolved.StatusCode);
        Assert.Equal(
            (status, 2),
            ((await Sentry.OnlyIssueAsync(process))["status"]!.ToString(), (int)(await Sentry.OnlyIssueAsync(process))["count"]!)
        );
    }

    [Fact]
    public async Task Status_UnknownOrUnsettable_Is404Or400()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Sentry.SendAsync(process, Sentry.Event());
        var id = (await Sentry.OnlyIssueAsync(process))["id"]!.ToString();

        using var unknown = await SetStatusAsync(process, "0000", "resolved");
        using var unsettable = await SetStatusAsync(process, id, "regressed");

        Assert.Equal((404, 400), ((int)unknown.StatusCode, (int)unsettable.StatusCode));
    }

    [Fact]
    public async Task List_Filtered_ShowsWhatMatches()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Sentry.SendAsync(process, Sentry.Event(tenant: "nordwind"));
        var other = Sentry.Event(type: "OutOfStock", tenant: "alpen", release: "2");
        other["exception"]!["values"]![0]!.AsObject().Remove("stacktrace");
        other["tags"]!["service"] = "orders";
        await Sentry.SendAsync(process, other);

        foreach (
            var filter in new[]
            {
                "service=orders",
                "tenant=alpen",
                "release=2",
                "query=outofstock",
                "environment=production&service=orders",
                "status=new&tenant=alpen",
            }
        )
        {
            var list = await process.GetJsonAsync("/api/issues?" + filter);
            Assert.Equal("OutOfStock", Assert.Single(list["issues"]!.AsArray())!["type"]!.ToString());
        }

        Assert.Equal(2, (int)(await process.GetJsonAsync("/api/issues"))["totalCount"]!);
        Assert.Empty((await process.GetJsonAsync("/api/issues?status=muted"))["issues"]!.AsArray());
    }

    [Fact]
    public async Task Store_MoreIssuesThanItsBound_EvictsTheOldestAndSaysSo()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:MaxIssues=3", "--Observatory:MaxEventsPerIssue=2");

        for (var number = 0; number < 5; number++)
        {
            var item = Sentry.Event();
            item["fingerprint"] = new JsonArray($"f-{(char)('a' + number)}");
            await Sentry.SendAsync(process, item);
        }

        var stats = (await process.GetJsonAsync("/api/telemetry/stats"))["envelopes"]!["issues"]!;
        Assert.Equal((3, 2, 3), ((int)stats["issues"]!, (int)stats["issuesEvicted"]!, (int)stats["eventsKept"]!));
    }

    [Theory]
    [InlineData("Order 17 failed", "Order 98 failed")]
    [InlineData("GET http://a.example/x?1 gave 500", "GET https://b.example/y gave 503")]
    [InlineData("No user kim@example.org", "No user lee@example.net")]
    [InlineData("ord_8f3ab2 at 10.0.0.1:80", "ord_11 at 192.168.1.44:8080")]
    [InlineData("key 6f1c2a3b-0000-4000-8000-000000000001", "key 00000000-0000-4000-8000-0000000000ff")]
    [InlineData("at 0xdeadbeef", "at 0x1")]
    [InlineData("took 1.5 s", "took 20 s")]
    public void Normalize_MessagesThatDifferInIds_AreEqual(string one, string other) =>
        Assert.Equal(Grouping.Normalize(one), Grouping.Normalize(other));

    [Fact]
    public void Normalize_MessagesThatDifferInWords_StayDifferent() =>
        Assert.NotEqual(Grouping.Normalize("Order 17 failed"), Grouping.Normalize("Order 17 succeeded"));

    [Theory]
    [InlineData("*/15 * * * *", "2026-11-21T10:07:30Z", "2026-11-21T10:15:00Z")]
    [InlineData("0 3 * * *", "2026-11-21T03:00:00Z", "2026-11-22T03:00:00Z")]
    [InlineData("30 8-10 * * mon-fri", "2026-11-21T00:00:00Z", "2026-11-23T08:30:00Z")]
    [InlineData("0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0 0 13 * fri", "2026-11-21T00:00:00Z", "2026-11-27T00:00:00Z")]
    [InlineData("0 0 24 * fri", "2026-11-21T00:00:00Z", "2026-11-24T00:00:00Z")]
    [InlineData("0 0 ? * mon", "2026-11-24T00:00:00Z", "2026-11-30T00:00:00Z")]
    [InlineData("@monthly", "2026-11-21T00:00:00Z", "2026-12-01T00:00:00Z")]
    public void Crontab_AfterATime_NamesTheNext(string text, string after, string next) =>
        Assert.Equal(DateTimeOffset.Parse(next, null), Crontab.Next(text, DateTimeOffset.Parse(after, null), TimeZoneInfo.Utc));

    [Theory]
    [InlineData("* * * *")]
    [InlineData("61 * * * *")]
    [InlineData("*/0 * * * *")]
    [InlineData("a b c d e")]
    [InlineData("0 0 1 * someday")]
    public void Crontab_ThatCannotBeRead_NamesNoTime(string text) =>
        Assert.Null(Crontab.Next(text, DateTimeOffset.UnixEpoch, TimeZoneInfo.Utc));

    [Fact]
    public void Monitor_OverTime_IsOkFailedMissedAndLate()
    {
        var monitors = new MonitorStore();
        var start = new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero);
        const string Schedule = """{"schedule":{"type":"interval","value":10,"unit":"minute"},"checkin_margin":2,"max_runtime":5}""";

        Add(monitors, start, "ok", null);
        var ok = State(monitors, start.AddMinutes(11));
        var missed = State(monitors, start.AddMinutes(13));
        Add(monitors, start.AddMinutes(10), "error", null);
        var failed = State(monitors, start.AddMinutes(11));
        Add(monitors, start.AddMinutes(20), "in_progress", "00000000000000000000000000000abc");
        var running = State(monitors, start.AddMinutes(21));
        var late = State(monitors, start.AddMinutes(26));
        Add(monitors, start.AddMinutes(27), "ok", "00000000000000000000000000000abc");
        var ended = State(monitors, start.AddMinutes(28));
        Add(monitors, start.AddMinutes(28), "in_progress", "00000000000000000000000000000abc");
        var overtaken = State(monitors, start.AddMinutes(28));

        Assert.Equal(("ok", "missed", "failed", "failed", "late", "ok", "ok"), (ok, missed, failed, running, late, ended, overtaken));

        static void Add(MonitorStore store, DateTimeOffset at, string status, string? id)
        {
            using var document = System.Text.Json.JsonDocument.Parse(Sentry.CheckIn(status, Schedule, id).ToJsonString());
            store.Add(document.RootElement, at);
        }

        static string State(MonitorStore store, DateTimeOffset now) => Assert.Single(store.All(now)).State;
    }

    [Fact]
    public async Task Monitors_CheckInByEnvelope_IsListed()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Sentry.PostAsync(
            process,
            Sentry.Envelope(("check_in", Sentry.CheckIn("ok", """{"schedule":{"type":"crontab","value":"0 3 * * *"}}""")))
        );

        var monitor = Assert.Single((await process.GetJsonAsync("/api/monitors"))["monitors"]!.AsArray())!;

        Assert.Equal(
            ("restock", "ok", "0 3 * * *"),
            (monitor["slug"]!.ToString(), monitor["state"]!.ToString(), monitor["schedule"]!["value"]!.ToString())
        );
        Assert.Single(monitor["checkIns"]!.AsArray());
    }

    private static Task<HttpResponseMessage> SetStatusAsync(ObservatoryProcess process, string id, string status) =>
        process.Http.PostAsJsonAsync(
            new Uri($"/api/issues/{id}/status", UriKind.Relative),
            new { status },
            TestContext.Current.CancellationToken
        );
}
