using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Platform.Observatory.Resources;
using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Tests;

public sealed class ResourceConsoleTests
{
    private const string Path = "/resources/orders-a/console";

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\u001b[32minfo\u001b[39m\u001b[22m: started", "[g]info| : started")]
    [InlineData("\u001b[1;31mfail\u001b[0m x", "[r strong]fail| x")]
    [InlineData("\u001b[38;5;9mred\u001b[48;5;4mon blue\u001b[m.", "[r]red|[r on-b]on blue|.")]
    [InlineData("\u001b[38;2;1;2;3mtrue colour\u001b[38;5;200mother", "true colour|other")]
    [InlineData("\u001b[2J\u001b[10;10Hmoved\u001b[K", "moved")]
    [InlineData("\u001b]0;title\aafter\u001b]8;;http://x\u001b\\link", "afterlink")]
    [InlineData("cut off \u001b[3", "cut off ")]
    [InlineData("\u001b", "")]
    [InlineData("\u009b31mred", "[r]red")]
    [InlineData("a\tb\u0007c\u0000d\u202ee", "a\tb\ufffdc\ufffdd\ufffde")]
    [InlineData("\u001b[4mline\u001b[24m\u001b[999mno\u001b[<script>m", "[under]line|nocript>m")]
    public void Text_OfATerminal_BecomesRunsWithClasses(string text, string expected)
    {
        var runs = AnsiText.Runs(text).Select(run => run.Class.Length > 0 ? $"[{run.Class}]{run.Text}" : run.Text);

        Assert.Equal(expected.Replace("| ", "|", StringComparison.Ordinal), string.Join('|', runs).Replace("| ", "|", StringComparison.Ordinal));
    }

    [Fact]
    public void Text_ThatChangesItsLookAllTheTime_EndsInOneRun()
    {
        var text = string.Concat(Enumerable.Repeat("\u001b[31ma\u001b[32mb", 5_000));

        var runs = AnsiText.Runs(text);

        Assert.True(runs.Count <= 201, $"{runs.Count} runs");
        Assert.Equal(10_000, runs.Sum(run => run.Text.Length));
    }

    [Fact]
    public async Task Console_MoreThanAPageHolds_ShowsTheLastThousandWithColours()
    {
        await using var server = await StartAsync(Enumerable.Range(1, 2_500).Select(number => $"2026-11-21T14:58:12.0410000Z \u001b[32minfo\u001b[39m line {number}."));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = await OpenAsync(process);

        var page = await browser.GetAsync(Path);
        var json = await process.GetJsonAsync($"/api{Path}?limit=2");

        Assert.DoesNotContain(" line 1500.", page, StringComparison.Ordinal);
        Assert.Contains("<span class=\"k\">14:58:12.041 </span><span class=\"g\">info</span><span> line 1501.</span>", page, StringComparison.Ordinal);
        Assert.Contains(" line 2500.", page, StringComparison.Ordinal);
        Assert.Contains("data-after=\"2500\"", page, StringComparison.Ordinal);
        Assert.Equal((2, 2_500), ((int)json["returnedCount"]!, (int)json["printedCount"]!));
        Assert.Equal("info line 2500.", (string?)json["lines"]![1]!["text"]);
        Assert.Equal(DateTimeOffset.Parse("2026-11-21T14:58:12.041Z", CultureInfo.InvariantCulture), (DateTimeOffset)json["lines"]![1]!["time"]!);
        await browser.GetAsync($"/api{Path}?limit=1001", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Console_Searched_ShowsWhatContainsItWithoutRegardToColours()
    {
        await using var server = await StartAsync(["\u001b[31mord\u001b[32mer.placed handled", "nothing", "<b>Order.Placed</b>"]);
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = await OpenAsync(process);

        var page = await browser.GetAsync(Path + "?search=order.placed");

        Assert.Contains("er.placed handled", page, StringComparison.Ordinal);
        Assert.Contains("&lt;b&gt;Order.Placed&lt;/b&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("nothing", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Console_LineOfAMegabyte_IsCut()
    {
        await using var server = await StartAsync(["x" + new string('y', 1 << 20), "after"]);
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = await OpenAsync(process);

        var page = await browser.GetAsync(Path);
        var file = await browser.GetAsync(Path + "/download");

        Assert.True(page.Length < 40_000, $"{page.Length} characters");
        Assert.Contains("and 1,044,481 more characters", page, StringComparison.Ordinal);
        Assert.Contains("after", page, StringComparison.Ordinal);
        Assert.Contains("and 983,041 more characters", file, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Console_SecretThatWasPrinted_IsNotShown()
    {
        await using var server = await StartAsync(["card 4111 1111 1111 1111, password=hunter-two"]);
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = await OpenAsync(process);

        foreach (var path in new[] { Path, Path + "/download", "/api" + Path })
        {
            var text = await browser.GetAsync(path);
            Assert.Contains("card [Filtered], password=[Filtered]", text, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Download_Asked_IsTextWithEveryLineAndNoColours()
    {
        await using var server = await StartAsync(["2026-11-21T14:58:12.0410000Z \u001b[31mfail\u001b[39m <b>", .. Enumerable.Repeat("more", 2_000)]);
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        await OpenAsync(process);

        using var response = await process.Http.GetAsync(new Uri(Path + "/download", UriKind.Relative), TestContext.Current.CancellationToken);

        var lines = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n');
        Assert.Equal(("text/plain", "orders-a.log"), (response.Content.Headers.ContentType?.MediaType, response.Content.Headers.ContentDisposition?.FileName));
        Assert.Equal(("2026-11-21T14:58:12.041Z fail <b>", 2_002), (lines[0], lines.Length));
    }

    [Fact]
    public async Task Stream_Opened_SendsWhatWasNotSeenAndThenWhatComes()
    {
        await using var server = await StartAsync(["seen", "unseen"]);
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        await OpenAsync(process);
        using var stream = await EventReader.OpenAsync(process, Path + "/stream?after=1");

        var first = await stream.NextAsync();
        server.Print("\u001b[31mfail\u001b[39m <b>");
        var second = await stream.NextAsync();

        Assert.Equal(("lines", "2", "unseen"), (first.Name, first.Id, (string?)first.Data[0]!["runs"]![0]!["text"]));
        Assert.Equal(("lines", "3"), (second.Name, second.Id));
        Assert.Equal("""[{"class":"r","text":"fail"},{"class":"","text":" \u003Cb\u003E"}]""", second.Data[0]!["runs"]!.ToJsonString());
    }

    [Fact]
    public async Task Stream_ReaderComesBack_GoesOnAfterTheLastLineItSaw()
    {
        await using var server = await StartAsync(["one", "two", "three"]);
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        await OpenAsync(process);
        using var stream = await EventReader.OpenAsync(process, Path + "/stream?after=0", ("Last-Event-ID", "2"));

        var next = await stream.NextAsync();

        Assert.Equal("three", (string?)Assert.Single(next.Data.AsArray())!["runs"]![0]!["text"]);
    }

    [Fact]
    public async Task Stream_Searched_SendsOnlyWhatMatches()
    {
        await using var server = await StartAsync([]);
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        await OpenAsync(process);
        using var stream = await EventReader.OpenAsync(process, Path + "/stream?search=placed");

        server.Print("order.captured", "order.Placed");
        var next = await stream.NextAsync();

        Assert.Equal("order.Placed", (string?)Assert.Single(next.Data.AsArray())!["runs"]![0]!["text"]);
    }

    [Fact]
    public async Task Stream_AppHostGoesAway_SaysThatItEnded()
    {
        var server = await StartAsync(["one"]);
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        await OpenAsync(process);
        using var stream = await EventReader.OpenAsync(process, Path + "/stream");
        await stream.NextAsync();

        server.Console.Writer.Complete();
        var last = await stream.NextAsync();
        await server.DisposeAsync();

        Assert.Equal(("end", "The AppHost ended the stream."), (last.Name, (string?)last.Data["reason"]));
    }

    [Fact]
    public async Task Streams_MoreThanAllowed_AreRefusedUntilOneEnds()
    {
        await using var server = await StartAsync(["one"]);
        await using var process = await ObservatoryProcess.StartAsync([.. server.Settings, "--Observatory:MaxFollowers=1"]);
        var browser = await OpenAsync(process);

        using (var open = await EventReader.OpenAsync(process, Path + "/stream"))
        {
            await open.NextAsync();
            await browser.GetAsync(Path + "/stream", HttpStatusCode.ServiceUnavailable);
        }

        var clock = Stopwatch.StartNew();
        var status = HttpStatusCode.ServiceUnavailable;

        while (status != HttpStatusCode.OK)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), "The place of the stream that ended was not given to another.");
            using var response = await process.Http.GetAsync(new Uri(Path + "/stream", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            status = response.StatusCode;
        }
    }

    private static Task<ResourceServer> StartAsync(IEnumerable<string> lines) => ResourceServer.StartAsync("http://127.0.0.1:0", web => new ResourceServer(web)
    {
        Resources = [ResourceModel.Service("orders", "a")],
        Printed = [.. lines.Select((line, index) => new ConsoleLogLine { LineNumber = index + 1, Text = line })],
    });

    private static async Task<ResourceBrowser> OpenAsync(ObservatoryProcess process)
    {
        var browser = new ResourceBrowser(process);
        await browser.UntilConnectedAsync();
        return browser;
    }

    private sealed record ServerEvent(string Name, string Id, JsonNode Data);

    private sealed class EventReader(HttpResponseMessage response, StreamReader reader) : IDisposable
    {
        public static async Task<EventReader> OpenAsync(ObservatoryProcess process, string path, params (string Name, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);

            foreach (var (name, value) in headers)
            {
                request.Headers.Add(name, value);
            }

            var response = await process.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
            return new EventReader(response, new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)));
        }

        public async Task<ServerEvent> NextAsync()
        {
            var (name, id) = ("", "");

            while (true)
            {
                var line = await reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)
                    ?? throw new InvalidDataException("The stream ended.");

                if (line.StartsWith("event: ", StringComparison.Ordinal))
                {
                    name = line[7..];
                }
                else if (line.StartsWith("id: ", StringComparison.Ordinal))
                {
                    id = line[4..];
                }
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    return new ServerEvent(name, id, JsonNode.Parse(line[6..])!);
                }
            }
        }

        public void Dispose()
        {
            reader.Dispose();
            response.Dispose();
        }
    }
}
