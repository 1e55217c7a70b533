using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Platform.ForeignSdk.Tests;

/// <summary>What @sentry/node reports by itself, given nothing but a DSN.</summary>
public sealed class SentryNodeTests(NodePackages packages)
{
    [Fact]
    public async Task CaptureException_WithCauseAndScope_IsAnEventWithAllOfIt()
    {
        await using var observatory = await NodePackages.StartObservatoryAsync();

        var id = await packages.SucceedAsync(observatory, "handled-exception.mjs");

        var item = await Wait.ForEventAsync(observatory);
        Assert.Equal(
            (id, "error", "PriceListMissing", "No price for SKU-1042", "handled-exception.quotePrice"),
            (Text(item, "eventId"), Text(item, "level"), Text(item, "type"), Text(item, "value"), Text(item, "culprit"))
        );
        Assert.Equal(
            ("price-list", "nordwind", "req-9", "u-17", "staging"),
            (Text(item, "service"), Text(item, "tenant"), Text(item, "requestId"), Text(item, "user"), Text(item, "environment"))
        );
        Assert.Equal("shop@1.4.0", Text(item, "release"));
        Assert.Matches("^[0-9a-f]{32}$", Text(item, "traceId"));
        var crumb = Assert.Single(item["details"]!["breadcrumbs"]!.AsArray())!;
        Assert.Equal(("cart", "SKU-1042 added", "2"), (Text(crumb, "category"), Text(crumb, "message"), Text(crumb["data"]!, "quantity")));
    }

    [Fact]
    public async Task CaptureException_ThrownInsideNode_ShowsOurFramesFirst()
    {
        await using var observatory = await NodePackages.StartObservatoryAsync();

        await packages.SucceedAsync(observatory, "handled-exception.mjs");

        var exceptions = (await Wait.ForEventAsync(observatory))["details"]!["exceptions"]!.AsArray();
        Assert.Equal(["PriceListMissing", "Error"], exceptions.Select(exception => Text(exception!, "type")));
        Assert.All(exceptions, exception => Assert.True((bool)exception!["handled"]!));
        var frames = exceptions[1]!["frames"]!.AsArray();
        Assert.Equal(
            ["handled-exception.readPriceList", "handled-exception.quotePrice"],
            frames.Take(2).Select(frame => Text(frame!, "function"))
        );
        Assert.Contains("readFileSync", Text(frames[0]!, "context"), StringComparison.Ordinal);
        Assert.Contains(frames, frame => Text(frame!, "file") == "node:fs");
        Assert.Equal(frames.OrderByDescending(frame => (bool)frame!["inApp"]!), frames);
    }

    [Fact]
    public async Task UncaughtException_EndsTheProcess_IsUnhandledAndACrashedSession()
    {
        await using var observatory = await NodePackages.StartObservatoryAsync();

        var result = await packages.RunAsync(observatory, "uncaught-exception.mjs");

        Assert.Equal(1, result.ExitCode);
        var item = await Wait.ForEventAsync(observatory);
        Assert.Equal(("fatal", "TypeError", false), (Text(item, "level"), Text(item, "type"), Handled(item)));
        var envelopes = (await Wait.ForAsync(observatory, "/api/telemetry/stats", seen => (int)seen["envelopes"]!["sessions"]! > 0))[
            "envelopes"
        ]!;
        Assert.Equal((1, 1), ((int)envelopes["sessions"]!, (int)envelopes["crashedSessions"]!));
    }

    [Fact]
    public async Task UnhandledRejection_OfAPromise_IsUnhandled()
    {
        await using var observatory = await NodePackages.StartObservatoryAsync();

        await packages.SucceedAsync(observatory, "unhandled-rejection.mjs");

        var item = await Wait.ForEventAsync(observatory);
        Assert.Equal(("RangeError", "unhandled-rejection.reserveStock", false), (Text(item, "type"), Text(item, "culprit"), Handled(item)));
    }

    [Fact]
    public async Task Duplicates_TwoHundredThatDifferInIds_AreOneIssue()
    {
        await using var observatory = await NodePackages.StartObservatoryAsync();

        await packages.SucceedAsync(observatory, "duplicates.mjs", ("COUNT", "200"));

        var issue = await Wait.ForIssueAsync(observatory, 200);
        Assert.Equal((30, "duplicates.chargeOrder", "new"), ((int)issue["users"]!, Text(issue, "culprit"), Text(issue, "status")));
    }

    [Fact]
    public async Task Duplicates_BeyondTheRateLimit_AreHeldBackByTheSdk()
    {
        await using var observatory = await NodePackages.StartObservatoryAsync("--Observatory:MaxEventsPerMinute=20");

        await packages.SucceedAsync(observatory, "duplicates.mjs", ("COUNT", "200"));

        await Wait.ForIssueAsync(observatory, 20);

        // At most the batch that got the limit; an SDK that did not understand the answer sends the other 160 as well.
        Assert.InRange((int)(await observatory.GetJsonAsync("/api/telemetry/stats"))["refusedRequests"]!, 1, 20);
    }

    [Fact]
    public async Task CaptureMessage_LargeAndThereforeCompressed_IsAnIssue()
    {
        await using var observatory = await NodePackages.StartObservatoryAsync();

        var encodings = await packages.SucceedAsync(observatory, "large-message.mjs");

        Assert.Contains("gzip", encodings.Split('\n'));
        var item = await Wait.ForEventAsync(observatory);
        Assert.Equal(("warning", "message", "The warehouse is slow"), (Text(item, "level"), Text(item, "type"), Text(item, "value")));
    }

    [Fact]
    public async Task CheckIns_OfThreeJobs_AreTheStatesOfThreeMonitors()
    {
        await using var observatory = await NodePackages.StartObservatoryAsync();

        await packages.SucceedAsync(observatory, "check-ins.mjs");

        // The SDK sends each check-in on its own, and not in order.
        var monitors = (
            await Wait.ForAsync(
                observatory,
                "/api/monitors",
                seen =>
                    seen["monitors"]!
                        .AsArray()
                        .Select(monitor => (Text(monitor!, "slug"), Text(monitor!, "state")))
                        .SequenceEqual([("nightly-export", "ok"), ("reindex", "unknown"), ("restock", "failed")])
            )
        )["monitors"]!.AsArray();
        Assert.All(
            monitors,
            monitor =>
                Assert.Equal(
                    ("staging", "interval", "hour", 5, 10),
                    (
                        Text(monitor!, "environment"),
                        Text(monitor!["schedule"]!, "type"),
                        Text(monitor["schedule"]!, "unit"),
                        (int)monitor["schedule"]!["marginMinutes"]!,
                        (int)monitor["schedule"]!["maxRuntimeMinutes"]!
                    )
                )
        );

        // Started and finished under one id, hence one run.
        var run = Assert.Single(monitors[0]!["checkIns"]!.AsArray())!;
        Assert.Equal(("ok", "shop@1.4.0"), (Text(run, "status"), Text(run, "release")));
        Assert.Equal(2.5, (double)monitors[2]!["checkIns"]![0]!["seconds"]!);
    }

    [Fact]
    public async Task Transaction_WithAStructuredLog_IsAcceptedAndIsNoIssue()
    {
        await using var observatory = await NodePackages.StartObservatoryAsync();

        await packages.SucceedAsync(observatory, "transaction.mjs");

        var stats = await Wait.ForAsync(
            observatory,
            "/api/telemetry/stats",
            seen => seen["envelopes"]!["items"]!["transaction"] is not null && seen["envelopes"]!["items"]!["log"] is not null
        );
        Assert.Equal((1, 0), ((int)stats["envelopes"]!["items"]!["transaction"]!, (int)stats["refusedRequests"]!));
        Assert.Empty((await observatory.GetJsonAsync("/api/issues"))["issues"]!.AsArray());
    }

    [Fact]
    public async Task Resolved_SeenAgain_RegressesInTheNewerReleaseOnly()
    {
        await using var observatory = await NodePackages.StartObservatoryAsync();
        await packages.SucceedAsync(observatory, "duplicates.mjs", ("COUNT", "1"));
        var id = Text(await Wait.ForIssueAsync(observatory, 1), "id");
        using var resolved = await observatory.Http.PostAsJsonAsync(
            $"/api/issues/{id}/status",
            new { status = "resolved" },
            TestContext.Current.CancellationToken
        );
        Assert.Equal(200, (int)resolved.StatusCode);

        await packages.SucceedAsync(observatory, "duplicates.mjs", ("COUNT", "1"));
        var same = await Wait.ForIssueAsync(observatory, 2);
        await packages.SucceedAsync(observatory, "duplicates.mjs", ("COUNT", "1"), ("SENTRY_RELEASE", "shop@1.5.0"));
        var newer = await Wait.ForIssueAsync(observatory, 3);

        Assert.Equal(("resolved", "regressed"), (Text(same, "status"), Text(newer, "status")));
    }

    [Fact]
    public async Task Dsn_WithAnotherKey_StoresNothingAndDoesNotBreakTheSender()
    {
        await using var observatory = await NodePackages.StartObservatoryAsync();

        await packages.SucceedAsync(
            observatory,
            "duplicates.mjs",
            ("COUNT", "1"),
            ("SENTRY_DSN", NodePackages.Dsn(observatory, new string('f', 32)))
        );

        await Wait.ForAsync(observatory, "/api/telemetry/stats", seen => (int)seen["refusedRequests"]! > 0);
        Assert.Empty((await observatory.GetJsonAsync("/api/issues"))["issues"]!.AsArray());
    }

    private static string? Text(JsonNode node, string name) => node[name]?.ToString();

    private static bool Handled(JsonNode item) => (bool)item["details"]!["exceptions"]![0]!["handled"]!;
}
