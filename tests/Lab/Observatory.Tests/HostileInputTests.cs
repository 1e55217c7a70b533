using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Tests;

public sealed class HostileInputTests
{
    [Fact]
    public async Task Protobuf_CutAtEveryByte_IsRefusedOrTaken()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var body = Telemetry.Request("orders", Telemetry.FullSpan()).ToByteArray();

        for (var length = 0; length < body.Length; length++)
        {
            var answer = await Send.HttpAsync(process, "/v1/traces", body[..length]);

            Assert.True(answer.Status is 200 or 400, $"{length}: {answer.Status}");
            Assert.True(length == 0 || answer.Status == 400, $"{length}: {answer.Status}");
        }
    }

    [Fact]
    public async Task Gzip_CutAtEveryByte_IsRefusedOrTaken()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var body = Send.Gzip(Telemetry.Request("orders", Telemetry.FullSpan()).ToByteArray());

        for (var length = 0; length < body.Length; length++)
        {
            var answer = await Send.HttpAsync(process, "/v1/traces", body[..length], encoding: "gzip");

            Assert.True(answer.Status is 200 or 400, $"{length}: {answer.Status}");
        }
    }

    [Fact]
    public async Task Json_CutAtEveryByte_IsRefused()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var body = JsonBody();

        for (var length = 0; length < body.Length; length++)
        {
            var answer = await Send.HttpAsync(process, "/v1/traces", body[..length], Send.Json);

            Assert.Equal((length, 400), (length, answer.Status));
        }
    }

    [Theory]
    [InlineData(20, 200)]
    [InlineData(95, 400)]
    [InlineData(5_000, 400)]
    public async Task Protobuf_NestedDeeply_IsRefusedBeyondTheLimit(int depth, int status)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var attribute = Wrap(1, Encoding.UTF8.GetBytes("bomb"));
        byte[] value = [];

        for (var level = 0; level < depth; level++)
        {
            // AnyValue { array_value: ArrayValue { values: .. } }
            value = Wrap(5, Wrap(1, value));
        }

        var span = Telemetry.Span(1).ToByteArray().Concat(Wrap(9, [.. attribute, .. Wrap(2, value)])).ToArray();
        var body = Wrap(1, Wrap(2, Wrap(2, span)));

        var answer = await Send.HttpAsync(process, "/v1/traces", body);

        Assert.Equal(status, answer.Status);
        await process.GetJsonAsync("/api/telemetry/stats");
    }

    [Fact]
    public async Task Json_NestedDeeply_IsRefused()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":[", 100_000)));

        var answer = await Send.HttpAsync(process, "/v1/traces", body, Send.Json);

        Assert.Equal(400, answer.Status);
    }

    [Fact]
    public async Task Body_OfMillionsOfEmptyMessages_IsRefused()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var empties = Enumerable.Repeat(new byte[] { 0x12, 0x00 }, 2_000_000).SelectMany(pair => pair).ToArray();
        var body = Wrap(1, Wrap(2, empties));
        var objects = Encoding.UTF8.GetBytes($"{{\"resourceSpans\":[{string.Join(',', Enumerable.Repeat("{}", 1_500_000))}]}}");

        var protobuf = await Send.HttpAsync(process, "/v1/traces", body);
        var json = await Send.HttpAsync(process, "/v1/traces", objects, Send.Json);

        Assert.Equal((413, 413), (protobuf.Status, json.Status));
    }

    [Fact]
    public async Task Text_ThatIsNotUtf8_IsRefused()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        byte[] span = [.. Telemetry.Span(1, name: "").ToByteArray(), .. Wrap(5, [0x41, 0xC3, 0x28])];
        var json = Encoding.Latin1.GetBytes("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"Ã("}]}]}]}""");
        var surrogate = """{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"\uD800"}]}]}]}"""u8.ToArray();

        var protobuf = await Send.HttpAsync(process, "/v1/traces", Wrap(1, Wrap(2, Wrap(2, span))));
        var latin = await Send.HttpAsync(process, "/v1/traces", json, Send.Json);
        var lone = await Send.HttpAsync(process, "/v1/traces", surrogate, Send.Json);

        Assert.Equal((400, 400, 400), (protobuf.Status, latin.Status, lone.Status));
    }

    [Theory]
    [InlineData("""[]""")]
    [InlineData("""{"resourceSpans":{}}""")]
    [InlineData("""{"resourceSpans":[7]}""")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"W47/95gDgQPSabYzgT/GDA=="}]}]}]}""")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"-1"}]}]}]}""")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":1e40}]}]}]}""")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"SPAN_KIND_SERVER"}]}]}]}""")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"value":{"bytesValue":"*"}}]}]}]}]}""")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"value":{"intValue":1.5}}]}]}]}]}""")]
    public async Task Json_OfTheWrongShape_IsRefused(string body)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var answer = await Send.HttpAsync(process, "/v1/traces", Encoding.UTF8.GetBytes(body), Send.Json);

        Assert.Equal((400, Send.Json), (answer.Status, answer.ContentType));
        Assert.Contains("\"code\":3", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chunks_ThatAreBroken_AreRefusedInOtlp()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", process.OtlpHttp.BaseAddress!.Port, TestContext.Current.CancellationToken);
        var request = "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";

        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);

        using var reader = new StreamReader(client.GetStream());
        var answer = await reader
            .ReadToEndAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("{\"code\":3", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ids_OfOnes_AreIdsLikeOthers()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var ones = new string('f', 32);

        // Its own parent, too.
        var answer = await Send.TracesAsync(process, "orders", Telemetry.Span(ulong.MaxValue, parent: ulong.MaxValue, trace: ones));

        Assert.Equal((200, 0), (answer.Status, (int)(answer.Export.PartialSuccess?.Rejected ?? 0)));
        Assert.Equal(1, (int)(await process.GetJsonAsync($"/api/telemetry/traces/{ones}"))["totalCount"]!);
        using var page = await process.Http.GetAsync(new Uri($"/traces/{ones}", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)page.StatusCode);
    }

    [Fact]
    public async Task Attribute_OfAMegabyte_IsCut()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var span = Telemetry.Span(1);
        span.Attributes.Add(Telemetry.Attribute("large", new string('x', 1 << 20)));

        var answer = await Send.TracesAsync(process, "orders", span);

        var stats = await process.GetJsonAsync("/api/telemetry/stats");
        Assert.Equal((200, 1), (answer.Status, (int)stats["spans"]!["stored"]!));
        Assert.InRange((int)stats["spans"]!["storedBytes"]!, ItemLimits.MaxValueBytes, 2 * ItemLimits.MaxValueBytes);
    }

    [Fact]
    public async Task Services_ByTheThousand_AreTakenAndThePagesStillAnswer()
    {
        const int Services = 5_000;
        await using var process = await ObservatoryProcess.StartAsync();
        var request = new ExportTraceServiceRequest();

        for (var index = 1; index <= Services; index++)
        {
            request.MergeFrom(
                Telemetry.Request($"service-{index}", Telemetry.Span((ulong)index, name: $"GET /{index}", trace: $"{index:x32}"))
            );
        }

        var answer = await Send.HttpAsync(process, "/v1/traces", request.ToByteArray());

        var stats = await process.GetJsonAsync("/api/telemetry/stats");
        Assert.Equal((200, Services), (answer.Status, (int)stats["spans"]!["stored"]!));
        Assert.InRange((int)stats["resources"]!, 1, 1_000);

        foreach (var path in (string[])["/", "/traces", "/logs", "/deploys"])
        {
            using var page = await process.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal((path, 200), (path, (int)page.StatusCode));
        }
    }

    private static byte[] JsonBody() =>
        Encoding.UTF8.GetBytes(
            """{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"orders"}}]}"""
                + ""","scopeSpans":[{"scope":{"name":"x"},"spans":["""
                + """{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"GET \u00e9","kind":2"""
                + ""","startTimeUnixNano":"1795000000000000000","attributes":["""
                + """{"key":"a","value":{"arrayValue":{"values":[{"doubleValue":1.5},{"boolValue":true}]}}}]"""
                + ""","events":[{"name":"e"}],"status":{"code":2}}]}]}]}"""
        );

    private static byte[] Wrap(int field, byte[] value)
    {
        using var buffer = new MemoryStream();
        using (var output = new CodedOutputStream(buffer, leaveOpen: true))
        {
            output.WriteTag(field, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(value));
        }

        return buffer.ToArray();
    }
}
