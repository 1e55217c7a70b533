using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Platform.Observatory.History;
using Platform.Observatory.Receiving;
using Platform.ServerProcesses;

namespace Platform.Observatory.Tests;

public sealed class HistoryTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _directory = Directory.CreateTempSubdirectory("observatory-history-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Restart_AfterACleanStop_BringsBackTracesLogsAndIssues()
    {
        JsonNode before;

        await using (var process = await StartAsync())
        {
            before = await FillAsync(process);
        }

        await using var restarted = await StartAsync();

        await AssertSameAsync(restarted, before);
    }

    [Fact]
    public async Task Restart_AfterAKill_BringsBackWhatWasReceived()
    {
        JsonNode before;
        var ports = Listener.Names.Select(_ => FreePort.Next()).ToArray();
        using var child = Process.Start(
            new ProcessStartInfo("dotnet")
            {
                ArgumentList =
                {
                    Path.Combine(AppContext.BaseDirectory, "Observatory.dll"),
                    "--environment=Development",
                    "--Observatory:DataDirectory=" + _directory,
                    "--Logging:LogLevel:Default=None",
                    "--Logging:LogLevel:Platform=None",
                    "--Logging:LogLevel:Microsoft.Hosting.Lifetime=None",
                    $"--Kestrel:Endpoints:{Listener.Http}:Url=http://127.0.0.1:{ports[0]}",
                    $"--Kestrel:Endpoints:{Listener.OtlpHttp}:Url=http://127.0.0.1:{ports[1]}",
                    $"--Kestrel:Endpoints:{Listener.OtlpGrpc}:Url=http://127.0.0.1:{ports[2]}",
                    $"--Kestrel:Endpoints:{Listener.Management}:Url=http://127.0.0.1:{ports[3]}",
                },
            }
        )!;

        try
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ports[0]}") };
            using var otlp = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ports[1]}") };
            await UntilAsync(http, _ => true);
            await PostAsync(
                otlp,
                "/v1/traces",
                Telemetry.Request("orders", Telemetry.Span(1), Telemetry.Span(2, parent: 1)).ToByteArray(),
                Send.Protobuf
            );
            await PostAsync(otlp, "/v1/logs", Telemetry.Request("orders", Telemetry.Log("stock is low")).ToByteArray(), Send.Protobuf);
            await PostAsync(http, "/api/1/envelope/", Sentry.Envelope(("event", Sentry.Event())), null);
            var id = (await http.GetFromJsonAsync<JsonNode>("/api/issues", Cancellation))!["issues"]![0]!["id"]!.ToString();
            using var muted = await http.PostAsJsonAsync($"/api/issues/{id}/status", new { status = "muted" }, Cancellation);
            await UntilAsync(http, stats => (int)stats["history"]!["written"]! == 4);
            before = (await http.GetFromJsonAsync<JsonNode>("/api/issues", Cancellation))!["issues"]![0]!;
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync(CancellationToken.None).WaitAsync(Patience, CancellationToken.None);
        }

        await using var restarted = await StartAsync();

        await AssertSameAsync(restarted, before);
    }

    [Fact]
    public async Task Disk_MoreThanTheBound_StaysUnderItAndKeepsTheNewest()
    {
        const int Bound = 100_000;

        await using (var process = await StartAsync("--Observatory:HistoryMaxBytes=" + Bound))
        {
            for (var number = 1UL; number <= 100; number++)
            {
                var span = Telemetry.Span(number);
                span.Attributes.Add(Telemetry.Attribute("filler", new string('x', 4_000)));
                await Send.TracesAsync(process, "orders", span);
            }
        }

        var bytes = Segments.In(Path.Combine(_directory, "telemetry")).Sum(file => file.Length);
        await using var restarted = await StartAsync("--Observatory:HistoryMaxBytes=" + Bound);
        var spans = (await restarted.GetJsonAsync("/api/telemetry/stats"))["spans"]!;
        var newest = await restarted.GetJsonAsync(
            $"/api/telemetry/spans?search={Telemetry.Id(100).ToByteArray().Aggregate("", (text, one) => text + one.ToString("x2", null))}"
        );

        Assert.InRange(bytes, Bound / 2, Bound);
        Assert.InRange((int)spans["stored"]!, 10, 24);
        Assert.Equal(1, (int)newest["totalCount"]!);
    }

    [Fact]
    public void Reader_LogCutAtEveryByte_GivesTheWholeRecordsBeforeTheCut()
    {
        var bytes = File.ReadAllBytes(WriteSegment("first", "second", "third"));
        var cut = Path.Combine(_directory, "cut");
        var ends = new[] { "first", "second", "third" }.Select((text, index) => RecordHeader.Bytes + text.Length).ToList();

        for (var length = 0; length <= bytes.Length; length++)
        {
            File.WriteAllBytes(cut, bytes[..length]);
            var reader = new SegmentReader(cut);

            var records = reader.Read().ToList();

            var whole = Enumerable
                .Range(0, 4)
                .Last(count => RecordHeader.Magic.Length + ends.Take(count).Sum() <= Math.Max(length, RecordHeader.Magic.Length));
            Assert.Equal((whole, 0), (records.Count, reader.Damaged));
            Assert.Equal(
                length < RecordHeader.Magic.Length ? length : length - RecordHeader.Magic.Length - ends.Take(whole).Sum(),
                reader.TornBytes
            );
        }
    }

    [Fact]
    public void Reader_EveryByteChanged_NeverGivesAWrongRecord()
    {
        var bytes = File.ReadAllBytes(WriteSegment("first", "second", "third"));
        var changed = Path.Combine(_directory, "changed");

        for (var index = 0; index < bytes.Length; index++)
        {
            bytes[index] ^= 0x55;
            File.WriteAllBytes(changed, bytes);
            var reader = new SegmentReader(changed);

            var texts = reader.Read().Select(record => Encoding.UTF8.GetString(record.Body.Span)).ToList();

            Assert.Equal(1, reader.Damaged);
            Assert.All(texts, text => Assert.Contains(text, new[] { "first", "second", "third" }));
            bytes[index] ^= 0x55;
        }
    }

    [Fact]
    public async Task Start_OnADamagedLog_ContinuesAndCounts()
    {
        await using (var process = await StartAsync())
        {
            await FillAsync(process);
        }

        var file = Segments.In(Path.Combine(_directory, "telemetry")).Single().FullName;
        var bytes = await File.ReadAllBytesAsync(file, Cancellation);
        bytes[RecordHeader.Magic.Length + RecordHeader.Bytes] ^= 0xFF;
        await File.WriteAllBytesAsync(file, bytes[..^3], Cancellation);
        await using var restarted = await StartAsync();

        var replayed = (await restarted.GetJsonAsync("/api/telemetry/stats"))["history"]!["replayed"]!;

        Assert.Equal((1, 2), ((int)replayed["damaged"]!, (int)replayed["records"]!));
        Assert.True((int)replayed["tornBytes"]! > 0);
        Assert.Equal(0, new SegmentReaderProbe(file).TornBytes);
    }

    [Fact]
    public async Task Envelope_WithASecret_IsNotOnDisk()
    {
        await using (var process = await StartAsync())
        {
            var item = Sentry.Event("token is Bearer s3cr3ts3cr3t");
            item["extra"] = new JsonObject { ["password"] = "s3cr3t-too" };
            await Sentry.PostAsync(process, Sentry.Envelope(("event", item), ("attachment", new JsonObject { ["raw"] = "s3cr3t-file" })));
        }

        var text = Encoding.UTF8.GetString(
            await File.ReadAllBytesAsync(Segments.In(Path.Combine(_directory, "errors")).Single().FullName, Cancellation)
        );

        Assert.Contains("AcquirerTimeoutException", text, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", text, StringComparison.Ordinal);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Task<ObservatoryProcess> StartAsync(params string[] settings) =>
        ObservatoryProcess.StartAsync(["--Observatory:DataDirectory=" + _directory, .. settings]);

    private static async Task<JsonNode> FillAsync(ObservatoryProcess process)
    {
        await Send.TracesAsync(process, "orders", Telemetry.Span(1), Telemetry.Span(2, parent: 1));
        await Send.LogsAsync(process, "orders", Telemetry.Log("stock is low"));
        await Sentry.SendAsync(process, Sentry.Event());
        var id = (await Sentry.OnlyIssueAsync(process))["id"];
        using var muted = await process.Http.PostAsJsonAsync(
            new Uri($"/api/issues/{id}/status", UriKind.Relative),
            new { status = "muted" },
            Cancellation
        );
        return await Sentry.OnlyIssueAsync(process);
    }

    private static async Task AssertSameAsync(ObservatoryProcess restarted, JsonNode before)
    {
        var trace = await restarted.GetJsonAsync($"/api/telemetry/traces/{Telemetry.Trace}");
        var logs = await restarted.GetJsonAsync($"/api/telemetry/logs?traceId={Telemetry.Trace}");
        var resources = await restarted.GetJsonAsync("/api/telemetry/resources");
        Assert.Equal((2, 1), ((int)trace["totalCount"]!, (int)logs["totalCount"]!));
        Assert.Contains(resources.AsArray(), resource => resource!["name"]!.ToString() == "orders");
        Assert.Equal("muted", before["status"]!.ToString());
        Assert.Equal(before.ToJsonString(), (await Sentry.OnlyIssueAsync(restarted)).ToJsonString());
    }

    private string WriteSegment(params string[] texts)
    {
        using (var writer = new SegmentWriter(_directory, 1 << 20, 1 << 20, _ => { }))
        {
            foreach (var text in texts)
            {
                Assert.True(
                    writer.TryAppend(new HistoryRecord(RecordKind.Envelope, DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(text)))
                );
            }
        }

        return Segments.In(_directory).Single().FullName;
    }

    private static Task UntilAsync(HttpClient http, Func<JsonNode, bool> reached) =>
        Eventually.GetAsync(() => StatsAsync(http), stats => stats is not null && reached(stats), "the stats are as expected");

    private static async Task<JsonNode?> StatsAsync(HttpClient http)
    {
        try
        {
            return await http.GetFromJsonAsync<JsonNode>("/api/telemetry/stats", Cancellation);
        }
        catch (HttpRequestException)
        {
            // It is not listening yet.
            return null;
        }
    }

    private static async Task PostAsync(HttpClient client, string path, byte[] body, string? contentType)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = contentType is null ? null : new(contentType);
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content, Cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private sealed class SegmentReaderProbe
    {
        public SegmentReaderProbe(string path)
        {
            var reader = new SegmentReader(path);
            _ = reader.Read().Count();
            TornBytes = reader.TornBytes;
        }

        public long TornBytes { get; }
    }
}
