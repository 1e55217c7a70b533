using System.Text.Json.Nodes;

namespace Platform.ForeignSdk.Tests;

/// <summary>What the exporters of OpenTelemetry JS send, configured by the standard variables.</summary>
public sealed class OpenTelemetryNodeTests(NodePackages packages)
{
    [Theory]
    [InlineData("json", "none")]
    [InlineData("json", "gzip")]
    [InlineData("protobuf", "none")]
    [InlineData("protobuf", "gzip")]
    public async Task Spans_ByEitherEncoding_ArriveWhole(string protocol, string compression)
    {
        await using var observatory = await NodePackages.StartObservatoryAsync();

        var sent = Ids(
            await packages.SucceedAsync(observatory, "traces.mjs", ("PROTOCOL", protocol), ("OTEL_EXPORTER_OTLP_COMPRESSION", compression))
        );

        var traces = await Wait.ForAsync(observatory, "/api/telemetry/traces", seen => (int)seen["totalCount"]! > 0);
        var resource = Assert.Single(traces["data"]!["resourceSpans"]!.AsArray())!;
        Assert.Equal(
            """{"service.name":{"stringValue":"storefront"}"""
                + ""","service.instance.id":{"stringValue":"storefront-1"}"""
                + ""","service.version":{"stringValue":"1.4.0"}}""",
            Attributes(resource["resource"]!)
        );
        var scope = Assert.Single(resource["scopeSpans"]!.AsArray())!;
        Assert.Equal(("storefront.checkout", "2.0"), (scope["scope"]!["name"]!.ToString(), scope["scope"]!["version"]!.ToString()));
        var spans = scope["spans"]!.AsArray();
        Assert.Equal(2, spans.Count);
        Assert.All(spans, span => Assert.Equal(sent["trace"], span!["traceId"]!.ToString()));
        AssertParent(spans.Single(span => span!["spanId"]!.ToString() == sent["parent"])!);
        AssertChild(spans.Single(span => span!["spanId"]!.ToString() == sent["child"])!, sent["parent"]);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    public async Task Log_InsideASpan_ArrivesWithItsTrace(string compression)
    {
        await using var observatory = await NodePackages.StartObservatoryAsync();

        var sent = Ids(await packages.SucceedAsync(observatory, "logs.mjs", ("OTEL_EXPORTER_OTLP_COMPRESSION", compression)));

        var logs = await Wait.ForAsync(observatory, $"/api/telemetry/logs?traceId={sent["trace"]}", seen => (int)seen["totalCount"]! > 0);
        var resource = Assert.Single(logs["data"]!["resourceLogs"]!.AsArray())!;
        Assert.Equal("""{"service.name":{"stringValue":"storefront"}}""", Attributes(resource["resource"]!));
        var log = Assert.Single(resource["scopeLogs"]![0]!["logRecords"]!.AsArray())!;
        Assert.Equal(
            (sent["span"], 13, "WARN", "The basket changed"),
            (
                log["spanId"]!.ToString(),
                (int)log["severityNumber"]!,
                log["severityText"]!.ToString(),
                log["body"]!["stringValue"]!.ToString()
            )
        );
        Assert.Equal("""{"basket.lines":{"intValue":"3"}}""", Attributes(log));
    }

    [Fact]
    public async Task Spans_WithAnotherKey_AreNotStoredAndTheSenderLearnsWhy()
    {
        await using var observatory = await NodePackages.StartObservatoryAsync();

        var result = await packages.RunAsync(
            observatory,
            "traces.mjs",
            ("PROTOCOL", "protobuf"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-otlp-api-key=wrong")
        );

        Assert.Contains("The header x-otlp-api-key is missing or wrong.", result.Error, StringComparison.Ordinal);
        var stats = await Wait.ForAsync(observatory, "/api/telemetry/stats", seen => (int)seen["refusedRequests"]! > 0);
        Assert.Equal(0, (int)stats["spans"]!["received"]!);
    }

    private static void AssertParent(JsonNode span)
    {
        Assert.Equal(("POST /checkout", 2, 1), (span["name"]!.ToString(), (int)span["kind"]!, (int)span["status"]!["code"]!));
        Assert.Null(span["parentSpanId"]);
        Assert.Equal(
            """{"http.route":{"stringValue":"/checkout"},"lines":{"intValue":"3"},"largest":{"intValue":"9007199254740991"}"""
                + ""","total":{"doubleValue":12.5},"guest":{"boolValue":true}"""
                + ""","skus":{"arrayValue":{"values":[{"stringValue":"a"},{"stringValue":"b"}]}}}""",
            Attributes(span)
        );
    }

    private static void AssertChild(JsonNode span, string parent)
    {
        Assert.Equal(
            ("charge", 3, 2, "declined", parent),
            (
                span["name"]!.ToString(),
                (int)span["kind"]!,
                (int)span["status"]!["code"]!,
                span["status"]!["message"]!.ToString(),
                span["parentSpanId"]!.ToString()
            )
        );
        var events = span["events"]!.AsArray();
        Assert.Equal(["retry", "exception"], events.Select(item => item!["name"]!.ToString()));
        Assert.Equal("""{"attempt":{"intValue":"2"}}""", Attributes(events[0]!));
        Assert.Contains("\"exception.message\":{\"stringValue\":\"declined\"}", Attributes(events[1]!), StringComparison.Ordinal);
        Assert.True(ulong.Parse(span["endTimeUnixNano"]!.ToString(), null) >= ulong.Parse(span["startTimeUnixNano"]!.ToString(), null));
    }

    private static string Attributes(JsonNode node) =>
        new JsonObject(
            node["attributes"]!
                .AsArray()
                .Select(item => KeyValuePair.Create(item!["key"]!.ToString(), (JsonNode?)item["value"]!.DeepClone()))
        ).ToJsonString();

    private static Dictionary<string, string> Ids(string line) =>
        JsonNode.Parse(line)!.AsObject().ToDictionary(item => item.Key, item => item.Value!.ToString());
}
