using System.Text;
using Google.Protobuf;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Tests;

public sealed class HttpIngestTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Protobuf_PlainOrGzip_IsStoredAndAnsweredEmpty(bool gzip)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var body = Telemetry.Request("orders", Telemetry.FullSpan()).ToByteArray();

        var answer = await Send.HttpAsync(process, "/v1/traces", gzip ? Send.Gzip(body) : body, encoding: gzip ? "gzip" : null);

        Assert.Equal((200, Send.Protobuf, 0), (answer.Status, answer.ContentType, answer.Body.Length));
        var trace = await process.GetJsonAsync($"/api/telemetry/traces/{Telemetry.Trace}");
        var group = trace["data"]!["resourceSpans"]![0]!;
        Assert.Equal("orders", (string?)group["resource"]!["attributes"]![0]!["value"]!["stringValue"]);
        Assert.Equal("Platform.Tests", (string?)group["scopeSpans"]![0]!["scope"]!["name"]);
        var span = group["scopeSpans"]![0]!["spans"]![0]!;
        Assert.Equal(
            """
            {"traceId":"5b8efff798038103d269b633813fc60c","spanId":"0000000000000007","traceState":"a=1",
            "parentSpanId":"0000000000000003","flags":257,"name":"charge_card \u2713","kind":2,
            "startTimeUnixNano":"1795000000007000000","endTimeUnixNano":"1795000000012000000",
            "attributes":[{"key":"tenant.id","value":{"stringValue":"nordwind"}},{"key":"int","value":{"intValue":"-3"}},
            {"key":"double","value":{"doubleValue":1.5}},{"key":"bool","value":{"boolValue":true}},
            {"key":"bytes","value":{"bytesValue":"AQID"}},
            {"key":"nested","value":{"arrayValue":{"values":[
            {"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}}]}}]}}}],
            "events":[{"timeUnixNano":"1795000000000000000","name":"exception",
            "attributes":[{"key":"exception.type","value":{"stringValue":"TimeoutException"}}]}],
            "links":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"0000000000000009","traceState":"b=2",
            "attributes":[],"flags":0}],"status":{"code":2,"message":"it broke"}}
            """.ReplaceLineEndings(""),
            span.ToJsonString()
        );
    }

    [Fact]
    public async Task Json_AsJavaScriptSendersWriteIt_IsStoredAndAnsweredInJson()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        const string resource =
            """{"attributes":[{"key":"service.name","value":{"stringValue":"shop-page"}}],"droppedAttributesCount":0}""";
        const string scope = """{"name":"fetch","version":"0.1"}""";
        const string attributes =
            """[{"key":"big","value":{"intValue":9007199254740991}},{"key":"text","value":{"intValue":"3"}}"""
            + """,{"key":"null","value":null}]""";
        var body = $$"""
            {"resourceSpans":[{"resource":{{resource}},
              "unknownField":{"a":[1,2]},
              "scopeSpans":[{"scope":{{scope}},"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174",
              "parentSpanId":"","name":"HTTP POST","kind":3,"startTimeUnixNano":"1795000000000000000","endTimeUnixNano":1795000000001000000,
              "attributes":{{attributes}},
              "events":[],"links":[],"status":{"code":0},"flags":257}]}]}]}
            """;

        var answer = await Send.HttpAsync(process, "/v1/traces", Encoding.UTF8.GetBytes(body), "application/json; charset=utf-8");

        Assert.Equal((200, Send.Json, "{}"), (answer.Status, answer.ContentType, answer.Text));
        var spans = await process.GetJsonAsync("/api/telemetry/spans?resource=shop-page");
        var span = spans["data"]!["resourceSpans"]![0]!["scopeSpans"]![0]!["spans"]![0]!;
        Assert.Equal(Telemetry.Trace, (string?)span["traceId"]);
        Assert.Equal("1795000000001000000", (string?)span["endTimeUnixNano"]);
        Assert.Equal("9007199254740991", (string?)span["attributes"]![0]!["value"]!["intValue"]);
        Assert.Equal("3", (string?)span["attributes"]![1]!["value"]!["intValue"]);
    }

    [Fact]
    public async Task LogsAndMetrics_BothTypes_AreStoredAndCounted()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var json =
            """{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"asInt":1},{"asInt":2}]}}]}]}]}""";
        var logJson =
            """{"resourceLogs":[{"scopeLogs":[{"logRecords":["""
            + """{"observedTimeUnixNano":"5","severityNumber":17,"body":{"stringValue":"two"}}]}]}]}""";

        await Send.LogsAsync(process, "orders", Telemetry.Log("one"));
        var log = await Send.HttpAsync(process, "/v1/logs", Encoding.UTF8.GetBytes(logJson), Send.Json);
        await Send.HttpAsync(process, "/v1/metrics", Telemetry.Metrics("orders", 3).ToByteArray());
        var metrics = await Send.HttpAsync(process, "/v1/metrics", Encoding.UTF8.GetBytes(json), Send.Json);

        Assert.Equal((200, 200, "{}"), (log.Status, metrics.Status, metrics.Text));
        var stats = await process.GetJsonAsync("/api/telemetry/stats");
        Assert.Equal(2, (int?)stats["logs"]!["stored"]);
        Assert.Equal(5, (int?)stats["metrics"]!["received"]);
    }

    [Fact]
    public async Task Empty_Request_IsSuccess()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var protobuf = await Send.HttpAsync(process, "/v1/traces", []);
        var json = await Send.HttpAsync(process, "/v1/traces", "{}"u8.ToArray(), Send.Json);

        Assert.Equal((200, 200), (protobuf.Status, json.Status));
    }

    [Theory]
    [InlineData("", 7UL)]
    [InlineData("00000000000000000000000000000000", 7UL)]
    [InlineData("5b8efff798038103d269b633813fc6", 7UL)]
    [InlineData(Telemetry.Trace, 0UL)]
    public async Task Ids_OfZerosOrOfTheWrongLength_RejectThatSpanOnly(string trace, ulong span)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var request = Telemetry.Request("orders", Telemetry.Span(1), Telemetry.Span(span, trace: trace));

        var answer = await Send.HttpAsync(process, "/v1/traces", request.ToByteArray());

        Assert.Equal(200, answer.Status);
        Assert.Equal(1, answer.Export.PartialSuccess.Rejected);
        Assert.Contains("not all zero", answer.Export.PartialSuccess.ErrorMessage, StringComparison.Ordinal);
        var stats = await process.GetJsonAsync("/api/telemetry/stats");
        Assert.Equal((1, 1), ((int?)stats["spans"]!["stored"], (int?)stats["spans"]!["rejected"]));
    }

    [Fact]
    public async Task Key_MissingOrWrong_Is401WithStatusBody()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:OtlpApiKey=secret");
        var body = Telemetry.Request("orders", Telemetry.Span(1)).ToByteArray();

        var without = await Send.HttpAsync(process, "/v1/traces", body);
        var wrong = await Send.HttpAsync(process, "/v1/traces", body, key: "secreT");
        var right = await Send.HttpAsync(process, "/v1/traces", body, key: "secret");

        Assert.Equal((401, 401, 200), (without.Status, wrong.Status, right.Status));
        Assert.Equal((int)Grpc.Core.StatusCode.Unauthenticated, without.Error.Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_LargerThanALimit_Is413(bool gzip)
    {
        await using var process = await ObservatoryProcess.StartAsync(
            "--Observatory:MaxBodyBytes=10000",
            "--Observatory:MaxDecompressedBytes=20000"
        );
        var body = Telemetry.Request("orders", Telemetry.Span(1, name: new string('x', 30_000))).ToByteArray();

        var answer = await Send.HttpAsync(process, "/v1/traces", gzip ? Send.Gzip(body) : body, encoding: gzip ? "gzip" : null);

        Assert.Equal(413, answer.Status);
        Assert.Equal((int)Grpc.Core.StatusCode.ResourceExhausted, answer.Error.Code);
    }

    [Fact]
    public async Task Body_ChunkedAndTooLarge_Is413()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:MaxBodyBytes=10000");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/traces") { Content = new ByteArrayContent(new byte[20_000]) };
        request.Content.Headers.ContentType = new(Send.Protobuf);
        request.Headers.TransferEncodingChunked = true;

        using var response = await process.OtlpHttp.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(413, (int)response.StatusCode);
    }

    [Fact]
    public async Task Queue_TooSmallForTheBatch_Is503WithRetryAfter()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:QueuedBytes=1048576");
        var spans = Enumerable.Range(1, 8_000).Select(id => Telemetry.Span((ulong)id)).ToArray();

        var answer = await Send.TracesAsync(process, "orders", spans);

        Assert.Equal((503, "1"), (answer.Status, answer.RetryAfter));
        Assert.Equal((int)Grpc.Core.StatusCode.Unavailable, answer.Error.Code);
        var stats = await process.GetJsonAsync("/api/telemetry/stats");
        Assert.Equal(8_000, (int?)stats["spans"]!["dropped"]);
    }

    [Theory]
    [InlineData("/v1/traces", "text/plain", null, 415)]
    [InlineData("/v1/traces", Send.Protobuf, "br", 415)]
    [InlineData("/v1/profiles", Send.Protobuf, null, 404)]
    [InlineData("/api/telemetry/stats", Send.Json, null, 404)]
    [InlineData("/health", Send.Json, null, 404)]
    public async Task Request_ThatIsNotOtlp_IsRefused(string path, string contentType, string? encoding, int status)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var answer = await Send.HttpAsync(process, path, [], contentType, encoding);

        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task Values_AboveTheLimits_AreCutAndMarked()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var span = Telemetry.Span(1);
        span.Attributes.Add(Telemetry.Attribute("long", string.Concat(Enumerable.Repeat("é€𝄞", 5_000))));
        span.Attributes.AddRange(Enumerable.Range(0, 200).Select(index => Telemetry.Attribute($"a{index}", "v")));

        await Send.TracesAsync(process, "orders", span);

        var spans = await process.GetJsonAsync("/api/telemetry/spans");
        var stored = spans["data"]!["resourceSpans"]![0]!["scopeSpans"]![0]!["spans"]![0]!;
        var text = (string)stored["attributes"]![0]!["value"]!["stringValue"]!;
        Assert.EndsWith(ItemLimits.Mark, text, StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(text), ItemLimits.MaxValueBytes - 4, ItemLimits.MaxValueBytes);
        Assert.Equal(ItemLimits.MaxAttributes, stored["attributes"]!.AsArray().Count);
        Assert.Equal(73, (int?)stored["droppedAttributesCount"]);
    }
}
