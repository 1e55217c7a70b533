using System.Net;
using System.Text.Json.Nodes;

namespace Platform.Observatory.Tests;

public sealed class MonitorPageTests
{
    private const string EveryTenMinutes =
        """{"schedule":{"type":"interval","value":10,"unit":"minute"},"checkin_margin":1,"max_runtime":30}""";

    [Fact]
    public async Task Monitors_None_SaysWhatWouldFillThePage()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var page = await GetAsync(process, "/monitors");

        Assert.Contains("No monitors yet", page, StringComparison.Ordinal);
        Assert.Contains("""<a href="/monitors" aria-current="page">""", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Monitors_RunsReported_ShowsStateScheduleAndEachRun()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "worker", Telemetry.Span(1));

        for (var run = 0; run < 22; run++)
        {
            await SendAsync(process, CheckIn("restock", run == 20 ? "error" : "ok"));
        }

        await SendAsync(
            process,
            CheckIn("cleanup", "error", schedule: """{"schedule":{"type":"crontab","value":"*/5 * * * *"},"timezone":"Europe/Berlin"}""")
        );
        await SendAsync(process, CheckIn("begun", "in_progress"));

        var page = await GetAsync(process, "/monitors");
        var rows = page.Split("<tr>")
            .Skip(2)
            .Select(row => WebUtility.HtmlDecode(row))
            .ToDictionary(row => row.Split("strong\">")[1].Split('<')[0]);

        Assert.Equal(["cleanup", "begun", "restock"], rows.Keys);
        Assert.Contains("""<span class="badge ok">ok</span>""", rows["restock"], StringComparison.Ordinal);
        Assert.Contains("every 10 minutes", rows["restock"], StringComparison.Ordinal);
        Assert.Contains("2026.11.20", rows["restock"], StringComparison.Ordinal);
        Assert.Contains("1.50 s", rows["restock"].Replace('\u202f', ' ').Replace('\u00a0', ' '), StringComparison.Ordinal);
        Assert.Contains($"href=\"/traces/{Telemetry.Trace}\"", rows["restock"], StringComparison.Ordinal);
        Assert.Contains(
            "The last 20\u00a0runs: 19 ok, 1 failed".Replace('\u00a0', ' '),
            rows["restock"].Replace('\u202f', ' ').Replace('\u00a0', ' '),
            StringComparison.Ordinal
        );
        Assert.Equal((19, 1), (Count(rows["restock"], "<path class=\"ok\""), Count(rows["restock"], "<path class=\"error\"")));

        // The latest is on the right: the failed run was the last but one.
        Assert.Contains("<path class=\"error\" transform=\"translate(144 0)\"", rows["restock"], StringComparison.Ordinal);
        Assert.Contains("""<span class="badge bad">failed</span>""", rows["cleanup"], StringComparison.Ordinal);
        Assert.Contains("*/5 * * * * Europe/Berlin", rows["cleanup"], StringComparison.Ordinal);
        Assert.Contains(">unknown<", rows["begun"], StringComparison.Ordinal);
        Assert.Contains(">running<", rows["begun"], StringComparison.Ordinal);
        Assert.Equal(1, Count(rows["begun"], "<path class=\"in_progress\""));
    }

    [Fact]
    public async Task Monitors_TraceThatIsNotInTheStore_IsNotLinked()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await SendAsync(process, CheckIn("restock", "ok"));

        Assert.DoesNotContain("/traces/", await GetAsync(process, "/monitors"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Monitors_HtmlInAName_IsEncoded()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var item = CheckIn("<script>x</script>", "ok", """{"schedule":{"type":"crontab","value":"<script>"},"timezone":"\"><script>"}""");
        item["environment"] = "<script>";
        item["release"] = "<script>";
        await SendAsync(process, item);

        var page = await GetAsync(process, "/monitors");

        OwnScripts.AssertNoOther(page);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
    }

    private static JsonObject CheckIn(string slug, string status, string schedule = EveryTenMinutes)
    {
        var item = Sentry.CheckIn(status, schedule);
        item["monitor_slug"] = slug;
        item["release"] = "2026.11.20";
        item["duration"] = status == "in_progress" ? null : 1.5;
        item["contexts"] = new JsonObject { ["trace"] = new JsonObject { ["trace_id"] = Telemetry.Trace } };
        return item;
    }

    private static async Task SendAsync(ObservatoryProcess process, JsonObject item) =>
        Assert.Equal(200, (await Sentry.PostAsync(process, Sentry.Envelope(("check_in", item)))).Status);

    private static Task<string> GetAsync(ObservatoryProcess process, string path) =>
        process.Http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    private static int Count(string text, string what) => text.Split(what).Length - 1;
}
