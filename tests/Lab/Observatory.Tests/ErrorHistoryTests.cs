using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Platform.Observatory.Envelopes;
using Platform.Observatory.History;
using Platform.Observatory.Recovery;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Tests;

/// <summary>What the error log keeps under pressure from other records or its own limit.</summary>
public sealed class ErrorHistoryTests : IDisposable
{
    private const string SmallErrors = "--Observatory:HistoryErrorMaxBytes=65536";
    private const string SmallTelemetry = "--Observatory:HistoryMaxBytes=65536";
    private readonly string _directory = Directory.CreateTempSubdirectory("observatory-errors-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Issue_FloodOfSpans_SurvivesARestart()
    {
        JsonNode before;

        await using (var process = await StartAsync(SmallTelemetry))
        {
            await Sentry.SendAsync(process, Sentry.Event());
            await FloodAsync(process);
            before = await Sentry.OnlyIssueAsync(process);
        }

        await using var restarted = await StartAsync(SmallTelemetry);

        Assert.True((int)(await restarted.GetJsonAsync("/api/telemetry/spans"))["totalCount"]! < 100, "No span was evicted.");
        Assert.Equal(before.ToJsonString(), (await Sentry.OnlyIssueAsync(restarted)).ToJsonString());
        Assert.Single((await restarted.GetJsonAsync(before["links"]!["events"]!.ToString()))["events"]!.AsArray());
    }

    [Fact]
    public async Task Issue_SegmentOfItsFirstEventsDeleted_KeepsFirstSeenCountAndStatus()
    {
        const int Events = 150;
        JsonNode before;

        await using (var process = await StartAsync(SmallErrors))
        {
            await Sentry.SendAsync(process, Sentry.Event(user: "u-0", release: "2026.1.1"));
            var id = (await Sentry.OnlyIssueAsync(process))["id"];
            using var muted = await process.Http.PostAsJsonAsync(
                new Uri($"/api/issues/{id}/status", UriKind.Relative),
                new { status = "muted" },
                TestContext.Current.CancellationToken
            );

            for (var number = 1; number < Events; number++)
            {
                await Sentry.SendAsync(process, Sentry.Event(user: $"u-{number % 5}"));
            }

            before = await Sentry.OnlyIssueAsync(process);
        }

        // Twice: deletions of a second run are merged into the summary of the first.
        for (var run = 0; run < 2; run++)
        {
            await using var restarted = await StartAsync(SmallErrors);
            var after = await Sentry.OnlyIssueAsync(restarted);

            Assert.InRange((int)(await restarted.GetJsonAsync("/api/telemetry/stats"))["history"]!["replayed"]!["records"]!, 5, Events / 2);
            Assert.Equal(
                (Events + (run * Events), "muted", "2026.1.1"),
                ((int)after["count"]!, after["status"]!.ToString(), after["firstRelease"]!.ToString())
            );
            Assert.Equal((before["firstSeen"]!.ToString(), 5), (after["firstSeen"]!.ToString(), (int)after["users"]!));
            Assert.Equal(before["releases"]!.ToJsonString(), after["releases"]!.ToJsonString());

            for (var number = 0; number < Events && run == 0; number++)
            {
                await Sentry.SendAsync(restarted, Sentry.Event(user: "u-1"));
            }
        }

        Assert.InRange(Segments.In(Path.Combine(_directory, "errors")).Sum(file => file.Length), 1, 65536);
    }

    [Fact]
    public async Task Release_SeenBeforeAnIssueWasResolved_IsNotNewerAfterItsSpansWereEvicted()
    {
        string deploys;

        await using (var process = await StartAsync(SmallTelemetry))
        {
            await Send.HttpAsync(process, "/v1/traces", Released("green"));
            await Sentry.SendAsync(process, Sentry.Event(release: "blue"));
            var id = (await Sentry.OnlyIssueAsync(process))["id"];
            using var resolved = await process.Http.PostAsJsonAsync(
                new Uri($"/api/issues/{id}/status", UriKind.Relative),
                new { status = "resolved" },
                TestContext.Current.CancellationToken
            );
            await Sentry.SendAsync(process, Sentry.Event(release: "green"));
            await FloodAsync(process);
            deploys = Deploys(await process.GetJsonAsync("/api/deploys"));
            Assert.Equal("resolved", (await Sentry.OnlyIssueAsync(process))["status"]!.ToString());
        }

        await using var restarted = await StartAsync(SmallTelemetry);

        Assert.Equal("resolved", (await Sentry.OnlyIssueAsync(restarted))["status"]!.ToString());
        Assert.Contains("green", deploys, StringComparison.Ordinal);
        Assert.Equal(deploys, Deploys(await restarted.GetJsonAsync("/api/deploys")));

        // The order of both still decides: this one came after.
        await Sentry.SendAsync(restarted, Sentry.Event(release: "red"));
        Assert.Equal("regressed", (await Sentry.OnlyIssueAsync(restarted))["status"]!.ToString());
    }

    [Fact]
    public async Task Deploy_ItsSegmentDeleted_IsStillListed()
    {
        string before;

        await using (var process = await StartAsync(SmallErrors))
        {
            await Send.HttpAsync(process, "/v1/traces", Released("2026.1.1"));
            using var announced = await process.Http.PostAsJsonAsync(
                new Uri("/api/deploys", UriKind.Relative),
                new { service = "orders", release = "2026.1.2" },
                TestContext.Current.CancellationToken
            );

            for (var number = 0; number < 100; number++)
            {
                await Sentry.SendAsync(process, Sentry.Event());
            }

            before = Deploys(await process.GetJsonAsync("/api/deploys"));
        }

        Assert.DoesNotContain(
            Segments.In(Path.Combine(_directory, "errors")).SelectMany(file => new SegmentReader(file.FullName).Read()),
            record => record.Kind == RecordKind.Deploy
        );
        Assert.Contains("2026.1.1", before, StringComparison.Ordinal);
        await using var restarted = await StartAsync(SmallErrors);

        Assert.Equal(before, Deploys(await restarted.GetJsonAsync("/api/deploys")));
    }

    [Fact]
    public async Task Start_AfterACrashBetweenSummaryAndDeletion_CountsNothingTwice()
    {
        var errors = Directory.CreateDirectory(Path.Combine(_directory, "errors")).FullName;

        for (var segment = 0; segment < 2; segment++)
        {
            using var writer = new SegmentWriter(errors, 1 << 20, 1 << 20, _ => { });
            Assert.True(writer.TryAppend(Record(DateTimeOffset.UnixEpoch.AddHours(segment))));
        }

        var first = Segments.In(errors)[0];
        new ErrorCheckpoint(errors, Options.Create(new ObservatoryOptions())).Add(first);
        await using var process = await StartAsync();

        var issue = await Sentry.OnlyIssueAsync(process);
        Assert.Equal((2, DateTimeOffset.UnixEpoch), ((int)issue["count"]!, issue["firstSeen"]!.GetValue<DateTimeOffset>()));
        Assert.False(File.Exists(first.FullName));
    }

    [Fact]
    public async Task Start_CheckpointDamaged_ContinuesAndCounts()
    {
        var errors = Directory.CreateDirectory(Path.Combine(_directory, "errors")).FullName;

        using (var writer = new SegmentWriter(errors, 1 << 20, 1 << 20, _ => { }))
        {
            Assert.True(writer.TryAppend(Record(DateTimeOffset.UnixEpoch)));
        }

        await File.WriteAllTextAsync(Path.Combine(errors, "checkpoint.obslog"), "not a record", TestContext.Current.CancellationToken);
        await using var process = await StartAsync();

        var replayed = (await process.GetJsonAsync("/api/telemetry/stats"))["history"]!["replayed"]!;
        Assert.Equal((1, 1), ((int)replayed["damaged"]!, (int)replayed["records"]!));
        Assert.Equal(1, (int)(await Sentry.OnlyIssueAsync(process))["count"]!);
    }

    [Fact]
    public void Merge_TwoLogs_IsInOrderOfTime()
    {
        HistoryRecord[] errors = [At(1), At(4), At(4)];
        HistoryRecord[] telemetry = [At(0), At(2), At(4), At(9)];

        var merged = LogReader.Merge(errors, telemetry).ToList();

        Assert.Equal([telemetry[0], errors[0], telemetry[1], errors[1], errors[2], telemetry[2], telemetry[3]], merged);

        static HistoryRecord At(int seconds) => new(RecordKind.Envelope, DateTimeOffset.UnixEpoch.AddSeconds(seconds), new byte[1]);
    }

    private Task<ObservatoryProcess> StartAsync(params string[] settings) =>
        ObservatoryProcess.StartAsync(["--Observatory:DataDirectory=" + _directory, .. settings]);

    private static HistoryRecord Record(DateTimeOffset time) =>
        new(
            RecordKind.Envelope,
            time,
            EnvelopeWriter.Write(null, [new EnvelopeItem("event", System.Text.Encoding.UTF8.GetBytes(Sentry.Event().ToJsonString()))])
        );

    private static async Task FloodAsync(ObservatoryProcess process)
    {
        for (var number = 1UL; number <= 100; number++)
        {
            var span = Telemetry.Span(number);
            span.Attributes.Add(Telemetry.Attribute("filler", new string('x', 4_000)));
            await Send.TracesAsync(process, "orders", span);
        }
    }

    private static byte[] Released(string release)
    {
        var request = Telemetry.Request("orders", Telemetry.Span(1_000, trace: "00000000000000000000000000000abc"));
        request.ResourceSpans[0].Resource.Attributes.Add(Telemetry.Attribute("service.version", release));
        return Google.Protobuf.MessageExtensions.ToByteArray(request);
    }

    private static string Deploys(JsonNode answer) =>
        string.Join(
            '\n',
            answer["deploys"]!
                .AsArray()
                .Select(deploy =>
                    string.Join(
                        ' ',
                        new[] { "id", "time", "service", "release", "previousRelease", "instances", "source" }.Select(name =>
                            deploy![name]?.ToJsonString()
                        )
                    )
                )
        );
}
