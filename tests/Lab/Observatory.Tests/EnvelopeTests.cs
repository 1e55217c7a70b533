using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;

namespace Platform.Observatory.Tests;

public sealed class EnvelopeTests
{
    [Theory]
    [InlineData("/api/1/envelope/")]
    [InlineData("/api/1/envelope")]
    [InlineData("/api/1/store/")]
    [InlineData("/api/1/store")]
    public async Task Event_SentAsAnSdkDoes_IsAnsweredWithItsIdAndNothingElse(string path)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var item = Sentry.Event();
        var body = path.Contains("store", StringComparison.Ordinal)
            ? Encoding.UTF8.GetBytes(item.ToJsonString())
            : Sentry.Envelope(("event", item));

        var answer = await Sentry.PostAsync(process, body, path);

        Assert.Equal((200, $$"""{"id":"{{item["event_id"]}}"}""", "*"), (answer.Status, answer.Text, answer.AllowOrigin));
        Assert.Equal("Platform.Payments.AcquirerTimeoutException", (await Sentry.OnlyIssueAsync(process))["type"]!.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/x-sentry-envelope")]
    [InlineData("text/plain;charset=UTF-8")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Envelope_AnyContentType_IsTaken(string? contentType)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var answer = await Sentry.PostAsync(process, Sentry.Envelope(("event", Sentry.Event())), contentType: contentType);

        Assert.Equal(200, answer.Status);
    }

    [Theory]
    [InlineData("gzip", 200)]
    [InlineData("x-gzip", 200)]
    [InlineData("deflate", 200)]
    [InlineData("br", 200)]
    [InlineData("identity", 200)]
    [InlineData("zstd", 415)]
    public async Task Envelope_Encoded_IsReadOrRefused(string encoding, int status)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var body = Compress(encoding, Sentry.Envelope(("event", Sentry.Event())));

        var answer = await Sentry.PostAsync(process, body, encoding: encoding);

        Assert.Equal(status, answer.Status);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task Envelope_NotInItsEncoding_Is400(string encoding)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var answer = await Sentry.PostAsync(process, Encoding.UTF8.GetBytes("certainly not compressed, not at all"), encoding: encoding);

        Assert.Equal(400, answer.Status);
        Assert.NotNull(JsonNode.Parse(answer.Text)!["detail"]);
        Assert.IsType<JsonArray>(JsonNode.Parse(answer.Text)!["causes"]);
    }

    [Fact]
    public async Task Envelope_ItemsWithoutLengthAndOfUnknownTypes_AreTakenAndSkipped()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var item = Sentry.Event().ToJsonString();
        var text =
            "{}\n{\"type\":\"never_heard_of\",\"length\":3}\na\nb\n{\"type\":\"event\"}\n"
            + item
            + "\n{\"type\":\"session\"}\n{\"init\":true}\n"
            + "{\"type\":\"client_report\"}\n"
            + "{\"discarded_events\":[{\"reason\":\"queue_overflow\",\"category\":\"error\",\"quantity\":7}]}\n\n";

        var answer = await Sentry.PostAsync(process, Encoding.UTF8.GetBytes(text));

        var stats = (await process.GetJsonAsync("/api/telemetry/stats"))["envelopes"]!;
        Assert.Equal(200, answer.Status);
        Assert.Equal(
            (1, 1, 1, 7),
            ((int)stats["items"]!["unknown"]!, (int)stats["items"]!["event"]!, (int)stats["sessions"]!, (int)stats["lostBySenders"]!)
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]\n")]
    [InlineData("{}\n{}\n{}")]
    [InlineData("{}\n{\"type\":\"event\",\"length\":-1}\n{}")]
    [InlineData("{}\n{\"type\":\"event\",\"length\":99}\n{}")]
    [InlineData("{}\n{\"type\":\"event\",\"length\":1}\n{}")]
    [InlineData("{}\n{\"type\":\"event\",\"length\":2}\n[]")]
    [InlineData("{}\n{\"type\":\"event\"}\n{\"message\":")]
    [InlineData("{}\n{\"type\":\"event\"}\n{}\n{\"type\":\"event\"}\n{}")]
    public async Task Envelope_Malformed_Is400WithDetailAndCauses(string text)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var answer = await Sentry.PostAsync(process, Encoding.UTF8.GetBytes(text));

        Assert.Equal(400, answer.Status);
        Assert.Equal(["detail", "causes"], JsonNode.Parse(answer.Text)!.AsObject().Select(property => property.Key));
        Assert.Empty((await process.GetJsonAsync("/api/issues"))["issues"]!.AsArray());
    }

    [Theory]
    [InlineData(null, null, null, 401)]
    [InlineData(Sentry.Key, null, null, 200)]
    [InlineData(null, Sentry.Key, null, 200)]
    [InlineData(null, null, Sentry.Key, 200)]
    [InlineData("wrong", null, null, 403)]
    [InlineData(null, null, "wrong", 403)]
    [InlineData(Sentry.Key, "wrong", null, 403)]
    [InlineData(Sentry.Key, null, "wrong", 403)]
    public async Task Envelope_KeyRequired_IsAcceptedByHeaderQueryOrDsn(string? header, string? query, string? dsn, int status)
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:SentryKey=" + Sentry.Key);
        var head = dsn is null ? "{}" : $$"""{"dsn":"http://{{dsn}}@127.0.0.1/1"}""";
        var body = Encoding.UTF8.GetBytes(head + "\n{\"type\":\"event\"}\n" + Sentry.Event().ToJsonString());
        var auth = header is null ? null : $"Sentry sentry_version=7,sentry_client=sentry.dotnet/6.9.0,sentry_key={header}";

        var answer = await Sentry.PostAsync(
            process,
            body,
            "/api/1/envelope/" + (query is null ? "" : $"?sentry_version=7&sentry_key={query}"),
            auth: auth
        );

        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task Envelope_PagesBehindAToken_NeedsNoBrowserToken()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:BrowserToken=tok-1", "--Observatory:ApiKey=key-1");

        var answer = await Sentry.SendAsync(process, Sentry.Event());
        using var list = await process.Http.GetAsync(new Uri("/api/issues", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal((200, 401), (answer.Status, (int)list.StatusCode));
    }

    [Fact]
    public async Task Envelope_OverItsLimits_Is413()
    {
        await using var process = await ObservatoryProcess.StartAsync(
            "--Observatory:MaxEnvelopeBytes=20000",
            "--Observatory:MaxEnvelopeDecompressedBytes=30000",
            "--Observatory:MaxEventBytes=4000"
        );
        var large = Sentry.Event();
        large["extra"] = new string('x', 5_000);

        var onTheWire = await Sentry.PostAsync(process, new byte[20_001]);
        var unpacked = await Sentry.PostAsync(process, Compress("gzip", new byte[40_000]), encoding: "gzip");
        var oneEvent = await Sentry.SendAsync(process, large);

        Assert.Equal((413, 413, 413), (onTheWire.Status, unpacked.Status, oneEvent.Status));
    }

    [Fact]
    public async Task Event_BeyondTheRateLimit_Is429WithWholeSeconds()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:MaxEventsPerMinute=2");
        await Sentry.SendAsync(process, Sentry.Event());
        await Sentry.SendAsync(process, Sentry.Event());

        var third = await Sentry.SendAsync(process, Sentry.Event());

        Assert.Equal(429, third.Status);
        Assert.Matches("^[1-9][0-9]?:error:organization:too_many_events$", third.RateLimits);
    }

    [Fact]
    public async Task Preflight_FromAnotherSite_AllowsWhatSdksSend()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Options, "/api/1/envelope/");

        using var response = await process.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(204, (int)response.StatusCode);
        Assert.Contains("x-sentry-auth", response.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Event_WithSecrets_IsKeptWithoutThem()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var item = Sentry.Event(
            value: "card 4111 1111 1111 1111 of kim@example.org, Authorization: Bearer abcdef0123456789, order 4111111111111112"
        );
        item["request"] = new JsonObject
        {
            ["cookies"] = "sid=s3cr3t-cookie",
            ["headers"] = new JsonArray(new JsonArray("X-Api-Key", "s3cr3t-key"), new JsonArray("Accept", "text/html")),
            ["query_string"] = "a=1&password=s3cr3t-pass",
        };
        item["extra"] = new JsonObject { ["dbPassword"] = "s3cr3t-db", ["kept"] = "plain" };

        await Sentry.SendAsync(process, item);

        var issue = await Sentry.OnlyIssueAsync(process);
        var events = (await process.GetJsonAsync(issue["links"]!["events"]!.ToString())).ToJsonString();
        var kept = Encoding.UTF8.GetString(Scrubbing.JsonScrubber.Scrub(Encoding.UTF8.GetBytes(item.ToJsonString())));
        Assert.All(
            [events, kept],
            text =>
            {
                Assert.DoesNotContain("4111 1111", text, StringComparison.Ordinal);
                Assert.DoesNotContain("kim@example.org", text, StringComparison.Ordinal);
                Assert.DoesNotContain("abcdef0123456789", text, StringComparison.Ordinal);
                Assert.DoesNotContain("s3cr3t", text, StringComparison.Ordinal);
                Assert.Contains("4111111111111112", text, StringComparison.Ordinal);
            }
        );
        Assert.Contains("\"kept\":\"plain\"", kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Envelope_CutAnywhereOrChanged_IsReadOrRefusedAndNeverAnError()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var whole = Sentry.Envelope(
            ("event", Sentry.Event()),
            ("session", new JsonObject { ["init"] = true }),
            ("check_in", Sentry.CheckIn("ok", "{}"))
        );
        var random = new Random(20261121);
        var bodies = Enumerable
            .Range(0, whole.Length)
            .Select(length => whole[..length])
            .Concat(Enumerable.Range(0, 2_000).Select(_ => Mutate(whole, random)));
        var refused = 0;

        foreach (var body in bodies)
        {
            try
            {
                var envelope = Envelopes.EnvelopeReader.Read(body);

                foreach (var item in envelope.Items.Where(item => item.Type == "event"))
                {
                    Issues.EventReader.Read(Scrubbing.JsonScrubber.Scrub(item.Payload), envelope.EventId, DateTimeOffset.UnixEpoch);
                }
            }
            catch (Receiving.RefusedException exception)
            {
                Assert.Equal(Receiving.Refusal.Malformed, exception.Refusal);
                refused++;
            }
        }

        var answer = await Sentry.PostAsync(process, Mutate(whole, random));
        Assert.True(refused > whole.Length / 2, $"{refused} were refused.");
        Assert.True(answer.Status is 200 or 400, answer.Text);
    }

    [Theory]
    [InlineData(40, 200)]
    [InlineData(80, 400)]
    public async Task Event_Nested_IsTakenToADepthAndRefusedBeyondIt(int depth, int status)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var item = Sentry.Event().ToJsonString();
        var text =
            "{}\n{\"type\":\"event\"}\n"
            + item[..^1]
            + ",\"extra\":"
            + string.Concat(Enumerable.Repeat("[", depth))
            + string.Concat(Enumerable.Repeat("]", depth))
            + "}";

        var answer = await Sentry.PostAsync(process, Encoding.UTF8.GetBytes(text));

        Assert.Equal(status, answer.Status);
    }

    private static byte[] Mutate(byte[] whole, Random random)
    {
        var copy = whole.ToArray();

        for (var change = random.Next(1, 6); change > 0; change--)
        {
            copy[random.Next(copy.Length)] = (byte)random.Next(256);
        }

        return copy;
    }

    private static byte[] Compress(string encoding, byte[] bytes)
    {
        using var buffer = new MemoryStream();
        using Stream stream = encoding switch
        {
            "gzip" or "x-gzip" => new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(buffer, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(buffer, CompressionLevel.Fastest, leaveOpen: true),
            _ => buffer,
        };
        stream.Write(bytes);
        stream.Flush();

        if (stream != buffer)
        {
            stream.Close();
        }

        return buffer.ToArray();
    }
}
