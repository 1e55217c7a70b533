using System.Text.Json;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Platform.Observatory.Otlp;
using Platform.Tests.Support;
using OtlpSpan = Platform.Observatory.Otlp.Span;

namespace Platform.Tests;

/// <summary>
/// One name and one value for the same thing in every signal: over everything that a run emits, as it leaves the services.
/// </summary>
[Collection(EmittedRunDefinition.Name)]
public sealed partial class SignalContractTests(PlatformFixture platform, EmittedRun run) : PlatformTest(platform)
{
    /// <summary>Console lines of an order that goes through, in all services together.</summary>
    private const int MaxRecordsPerOrder = 16;

    private const int FirstErrorSeverity = 17;

    private const OtlpSpan.Types.SpanKind ServerKind = OtlpSpan.Types.SpanKind.Server;

    private static readonly string[] Identity =
    [
        "service.name",
        "service.version",
        "service.instance.id",
        "deployment.environment.name",
        "cloud.region",
    ];

    private static readonly string[] Correlation = ["request.id", "user.id", "tenant.id", "job.name"];

    [Fact]
    public void Resources_OfAllSignals_SayTheSame()
    {
        var spans = run.Spans.Select(Describe).ToHashSet();

        Assert.Equal(PlatformFixture.Services.Order(), spans.Select(resource => resource.Split(' ')[0]).Order());
        Assert.Equal(spans.Order(), run.Records.Select(Describe).Distinct().Order());
        Assert.Equal(spans.Order(), run.Metrics.Select(Describe).Distinct().Order());
        Assert.All(spans, resource => Assert.Contains(" Production ", resource, StringComparison.Ordinal));
        Assert.All(spans, resource => Assert.DoesNotContain("unknown", resource, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Records_OfOneTrace_CarryTheIdsOfItsSpans()
    {
        var spans = run
            .Spans.DistinctBy(span => span.Item.SpanId)
            .ToDictionary(span => span.Item.SpanId, span => Correlating(span.Item.Attributes));
        var records = run
            .Records.Select(record => record.Item)
            .Where(record => !record.SpanId.IsEmpty && spans.ContainsKey(record.SpanId))
            .ToList();

        // A request's first span begins before its caller is known; records inside it may know more, never something else.
        Assert.NotEmpty(records);
        Assert.All(
            records,
            record =>
                Assert.All(
                    Correlating(record.Attributes),
                    pair =>
                        Assert.True(
                            !spans[record.SpanId].TryGetValue(pair.Key, out var ofSpan) || ofSpan == pair.Value,
                            $"{pair.Key} is {pair.Value} in a record and {ofSpan} in its span"
                        )
                )
        );
        var orders = records.Where(record => record.TraceId.Equals(TraceIdOf(run.Fulfilled.TraceId))).ToList();
        Assert.NotEmpty(orders);
        Assert.All(orders, record => Assert.Equal(EmittedRun.Control, Correlating(record.Attributes)["request.id"]));
    }

    [Fact]
    public void Records_OfErrors_LeadToASpan()
    {
        var spans = run.Spans.Select(span => (span.Item.TraceId, span.Item.SpanId)).ToHashSet();
        var errors = run.Records.Select(record => record.Item).Where(record => record.SeverityNumber >= FirstErrorSeverity).ToList();

        Assert.NotEmpty(errors);
        Assert.All(errors, record => Assert.Contains((record.TraceId, record.SpanId), spans));
    }

    [Fact]
    public void Events_OfARun_HaveTheCommonFieldsAndNothingPersonal()
    {
        Assert.NotEmpty(run.Events);
        var spans = run.Spans.DistinctBy(span => span.Item.SpanId).ToDictionary(span => Convert.ToHexStringLower(span.Item.SpanId.Span));
        foreach (var item in run.Events)
        {
            var tags = item.GetProperty("tags");
            var trace = item.GetProperty("contexts").GetProperty("trace");
            var span = spans[Text(trace, "span_id")!];
            Assert.Equal(
                (
                    span.Resource["service.name"],
                    span.Resource["service.version"],
                    span.Resource["deployment.environment.name"],
                    span.Resource["cloud.region"]
                ),
                (Text(tags, "service"), Text(item, "release"), Text(item, "environment"), Text(tags, "region"))
            );
            Assert.Equal(Convert.ToHexStringLower(span.Item.TraceId.Span), Text(trace, "trace_id"));
            Assert.False(string.IsNullOrEmpty(Text(item, "transaction")), $"no transaction: {item}");
            var ids = Correlating(span.Item.Attributes);
            var user = item.TryGetProperty("user", out var given) ? Text(given, "id") : null;
            Assert.Equal(
                (ids.GetValueOrDefault("request.id"), ids.GetValueOrDefault("tenant.id"), ids.GetValueOrDefault("user.id")),
                (Text(tags, "request_id"), Text(tags, "tenant_id"), user)
            );
            Assert.All(
                ["ip_address", "\"email\"", "\"cookies\"", "\"query_string\"", "\"headers\""],
                (string personal) => Assert.DoesNotContain(personal, item.ToString(), StringComparison.Ordinal)
            );
        }

        var failure = Assert.Single(
            run.Events,
            item => Text(item.GetProperty("contexts").GetProperty("trace"), "trace_id") == run.FailedTraceId
        );
        Assert.Equal(
            ("acme-u11", "acme", "POST"),
            (
                Text(failure.GetProperty("user"), "id"),
                Text(failure.GetProperty("tags"), "tenant_id"),
                Text(failure.GetProperty("request"), "method")
            )
        );
        Assert.EndsWith("/api/orders", Text(failure.GetProperty("request"), "url"), StringComparison.Ordinal);
        var exception = failure.GetProperty("exception").GetProperty("values").EnumerateArray().Last();
        Assert.Equal("Npgsql.PostgresException", Text(exception, "type"));
        Assert.Contains(
            exception.GetProperty("stacktrace").GetProperty("frames").EnumerateArray(),
            frame => frame.GetProperty("in_app").GetBoolean() && frame.ToString().Contains("PlaceOrder", StringComparison.Ordinal)
        );
        Assert.Equal(["orders", "payments"], run.Events.Select(item => Text(item.GetProperty("tags"), "service")).Distinct().Order());
    }

    [Fact]
    public void Names_OfSpansRecordsAndPoints_AreThoseOfTheConventions()
    {
        var names = run
            .Spans.SelectMany(span => span.Item.Attributes)
            .Concat(run.Records.SelectMany(record => record.Item.Attributes))
            .Concat(Points().SelectMany(point => point.Attributes))
            .Select(attribute => attribute.Key)
            .ToHashSet();

        string[] old =
        [
            "http.method",
            "http.status_code",
            "http.url",
            "http.target",
            "db.system",
            "db.statement",
            "db.name",
            "db.operation",
            "messaging.operation",
            "messaging.destination_kind",
            "net.peer.name",
            "net.peer.port",
            "net.host.name",
            "deployment.environment",
        ];
        Assert.Empty(names.Intersect(old));
        Assert.All(run.Spans, span => Assert.False(string.IsNullOrEmpty(span.Item.Name)));
        Assert.All(run.Spans, span => Assert.False(string.IsNullOrEmpty(span.Scope)));
        Assert.All(
            run.Metrics.Select(metric => metric.Item),
            metric =>
            {
                Assert.DoesNotMatch("_total$|_seconds$|_bytes$", metric.Name);
                Assert.False(
                    string.IsNullOrEmpty(metric.Unit) && !metric.Name.EndsWith("ratio", StringComparison.Ordinal),
                    $"{metric.Name} has no unit"
                );
            }
        );
    }

    [Fact]
    public void ServerSpans_OfEveryRequest_SayWhatCameAndWhatWasAnswered()
    {
        var servers = run
            .Spans.Select(span => span.Item)
            .Where(span => span.Kind == ServerKind)
            .Select(span => (Span: span, Values: span.Attributes.ToDictionary(attribute => attribute.Key, attribute => attribute.Value)))
            .ToList();

        Assert.All(
            servers,
            server =>
                Assert.All(
                    ["http.request.method", "http.response.status_code", "url.scheme", "server.address", "network.protocol.version"],
                    (string name) => Assert.True(server.Values.ContainsKey(name), $"{server.Span.Name} has {name}")
                )
        );
        Assert.All(
            servers.Where(server => server.Values.ContainsKey("http.route")),
            server => Assert.True(server.Values.ContainsKey("url.path"), server.Span.Name)
        );
        Assert.Contains(
            servers,
            server =>
                server.Values.TryGetValue("user_agent.original", out var agent)
                && agent.StringValue.StartsWith("shop/1", StringComparison.Ordinal)
        );
        Assert.Contains(servers, server => server.Values["http.response.status_code"].IntValue is >= 400 and < 500);

        // A refusal is no error of ours; a failure of ours says what it was.
        Assert.All(
            servers,
            server =>
                Assert.Equal(
                    server.Values["http.response.status_code"].IntValue >= 500
                        ? Status.Types.StatusCode.Error
                        : Status.Types.StatusCode.Unset,
                    server.Span.Status?.Code ?? Status.Types.StatusCode.Unset
                )
        );
        var failed = servers.Single(server =>
            server.Span.TraceId.Equals(TraceIdOf(run.FailedTraceId))
            && server.Values["http.route"].StringValue == "/api/orders"
            && server.Span.Events.Count > 0
        );
        var exception = Assert
            .Single(failed.Span.Events, item => item.Name == "exception")
            .Attributes.ToDictionary(attribute => attribute.Key, attribute => attribute.Value.StringValue);
        Assert.Equal("Npgsql.PostgresException", exception["exception.type"]);
        Assert.Contains("PlaceOrder", exception["exception.stacktrace"], StringComparison.Ordinal);
    }

    [Fact]
    public void Points_OfMetrics_HaveNoIds()
    {
        var points = Points().ToList();

        Assert.Contains(points, point => point.Name == "http.server.request.duration");
        Assert.Contains(points, point => point.Name == "platform.job.duration");

        // The SDK numbers its own parts: batching_log_processor/0.
        Assert.All(
            points,
            point =>
                Assert.All(
                    point.Attributes.Where(attribute => attribute.Key != "otel.component.name"),
                    attribute =>
                    {
                        Assert.DoesNotContain(
                            attribute.Key,
                            new[] { "request.id", "user.id", "tenant.id", "trace_id", "session.id", "url.path", "url.full" }
                        );
                        Assert.False(
                            LooksLikeAnId().IsMatch(attribute.Value.StringValue),
                            $"{point.Name}: {attribute.Key} = {attribute.Value.StringValue}"
                        );
                    }
                )
        );
    }

    [Fact]
    public void Records_OfAnOrder_StayWithinTheirBudget()
    {
        var id = TraceIdOf(run.Fulfilled.TraceId);
        var records = run.Records.Where(record => record.Item.TraceId.Equals(id)).ToList();

        Assert.InRange(records.Count, 5, MaxRecordsPerOrder);
        Assert.DoesNotContain(records, record => record.Item.SeverityNumber is > 0 and < 9);
        foreach (var service in new[] { "gateway", "orders" })
        {
            // One line for each request and service.
            Assert.Single(records, record => record.Item.EventName == "request.completed" && record.Resource["service.name"] == service);
        }
    }

    [Fact]
    public void Lines_OfTheConsole_HaveTheFieldsOfTheSchema()
    {
        foreach (var service in PlatformFixture.Services)
        {
            var lines = ConsoleLines.ParseJson(run.Consoles[service]);
            Assert.NotEmpty(lines);
            Assert.All(
                lines,
                line =>
                    Assert.Equal(
                        ["timestamp", "level", "message", "service", "environment", "release", "region"],
                        line.EnumerateObject().Take(7).Select(field => field.Name)
                    )
            );
            Assert.All(lines, line => Assert.True(DateTimeOffset.TryParse(line.Text("timestamp"), out _)));
            Assert.All(lines, line => Assert.Contains(line.Text("level"), new[] { "info", "warn", "error", "fatal" }));
            Assert.All(lines, line => Assert.All(line.EnumerateObject(), field => Assert.Matches("^[a-z][a-z0-9_]*$", field.Name)));
            Assert.All(
                lines.Where(line => line.TryGetProperty("trace_id", out _)),
                line => Assert.Matches("^[0-9a-f]{32}$", line.Text("trace_id"))
            );
        }

        var failed = ConsoleLines
            .ParseJson(run.Consoles["orders"])
            .Where(line =>
                line.Text("trace_id") == run.FailedTraceId && line.Text("level") == "error" && line.TryGetProperty("error", out _)
            )
            .ToList();
        Assert.NotEmpty(failed);
        Assert.All(failed, line => Assert.Contains("PostgresException", line.Text("error"), StringComparison.Ordinal));
        Assert.All(failed, line => Assert.Contains("PlaceOrder", line.Text("stack"), StringComparison.Ordinal));
    }

    private static string? Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Describe<T>(Emitted<T> item) =>
        string.Join(' ', Identity.Select(name => item.Resource.GetValueOrDefault(name, "MISSING")));

    private static Dictionary<string, string> Correlating(RepeatedField<KeyValue> attributes) =>
        attributes
            .Where(attribute => Correlation.Contains(attribute.Key))
            .ToDictionary(attribute => attribute.Key, attribute => attribute.Value.StringValue);

    private static ByteString TraceIdOf(string hex) => ByteString.CopyFrom(Convert.FromHexString(hex));

    private IEnumerable<(string Name, RepeatedField<KeyValue> Attributes)> Points() =>
        from metric in run.Metrics.Select(metric => metric.Item)
        from attributes in (metric.Gauge ?? metric.Sum)?.Points.Select(point => point.Attributes)
            ?? metric.Histogram?.Points.Select(point => point.Attributes)
            ?? []
        select (metric.Name, attributes);

    // A uuid, a long hexadecimal id, a shopper, or a path that holds a number.
    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}|^[0-9a-f]{16,}$|^[a-z]+-u[0-9]+$|/[0-9]+")]
    private static partial Regex LooksLikeAnId();
}
