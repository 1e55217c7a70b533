using System.Net;
using System.Text.Json.Nodes;
using Platform.Observatory.Otlp;
using Platform.Observatory.Query;

namespace Platform.Observatory.Tests;

public sealed class FilterTests
{
    [Theory]
    [InlineData("", "a b c d")]
    [InlineData("tenant.id=harbor", "a b")]
    [InlineData("tenant.id=HARBOR", "a b")]
    [InlineData("tenant.id!=harbor", "c")]
    [InlineData("tenant.id=\"\"", "d")]
    [InlineData("tenant.id!=\"\"", "a b c")]
    [InlineData("http.response.status_code=500", "a c")]
    [InlineData("http.response.status_code>=500", "a c")]
    [InlineData("http.response.status_code<500", "b")]
    [InlineData("http.response.status_code!=500", "b")]
    [InlineData("platform.order.total_minor>9000", "b")]
    [InlineData("platform.order.total_minor<=9000", "a")]
    [InlineData("platform.order.total_minor>9000.5 tenant.id=harbor", "b")]
    [InlineData("ratio>0.25", "c")]
    [InlineData("event=order.placed", "a")]
    [InlineData("exception.type=TimeoutException", "c")]
    [InlineData("items=book", "b")]
    [InlineData("region=eu", "a b c d")]
    [InlineData("note=\"two words\"", "d")]
    [InlineData("note=\"Two Words\" tenant.id=\"\"", "d")]
    [InlineData("quoted=\"a \\\"b\\\" \\\\ c\"", "d")]
    [InlineData("flag=true", "d")]
    [InlineData("service=orders", "a b")]
    [InlineData("service!=orders", "c d")]
    [InlineData("release=2026.1.1", "a b")]
    [InlineData("release!=2026.1.1", "")]
    [InlineData("environment=production", "a b")]
    [InlineData("trace=5B8EFFF798038103D269B633813FC60C", "a b c d")]
    [InlineData("name=\"POST /orders\"", "a")]
    [InlineData("kind=client", "b")]
    [InlineData("kind!=client", "a c d")]
    [InlineData("status=error", "c")]
    [InlineData("status=ok", "d")]
    [InlineData("status=unset", "a b")]
    [InlineData("duration>5", "d")]
    [InlineData("duration>=5ms", "a b c d")]
    [InlineData("duration>5000us duration<1.5s", "d")]
    [InlineData("duration>=1s", "")]
    [InlineData("duration=0.25s", "d")]
    [InlineData("charge", "c")]
    [InlineData("CHARGE card", "c")]
    [InlineData("\"charge card\"", "c")]
    [InlineData("\"card charge\"", "")]
    [InlineData("charge tenant.id=harbor", "")]
    [InlineData("http://shop.example/x?a=b", "d")]
    [InlineData("\"a=b\"", "d")]
    [InlineData("nothing.here>1", "")]
    public async Task Spans_Filtered_AreTheOnesThatMatch(string search, string expected)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await FillAsync(process);

        var answer = await process.GetJsonAsync("/api/telemetry/spans?search=" + Uri.EscapeDataString(search));

        Assert.Equal(
            expected,
            string.Join(' ', Spans(answer).Select(span => "abcd"[(int)Convert.ToUInt64(span["spanId"]!.ToString(), 16) - 1]).Order())
        );
    }

    [Theory]
    [InlineData("event=order.placed", 2)]
    [InlineData("event!=order.placed", 1)]
    [InlineData("level=error", 1)]
    [InlineData("level>=warning", 2)]
    [InlineData("severity>warn", 1)]
    [InlineData("level<error", 3)]
    [InlineData("level!=info", 2)]
    [InlineData("platform.order.total_minor>50000", 1)]
    [InlineData("status=7", 1)]
    [InlineData("stock low", 1)]
    [InlineData("service=orders level>=warning", 2)]
    public async Task Logs_Filtered_AreTheOnesThatMatch(string search, int expected)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var placed = Telemetry.Log("order placed");
        placed.EventName = "order.placed";
        placed.Attributes.Add(
            new KeyValue
            {
                Key = "platform.order.total_minor",
                Value = new AnyValue { IntValue = 50_001 },
            }
        );
        var other = Telemetry.Log("order placed too");
        other.Attributes.Add(Telemetry.Attribute("event", "order.placed"));
        var low = Telemetry.Log("stock is low", 13);
        low.EventName = "stock.low";
        low.Attributes.Add(
            new KeyValue
            {
                Key = "status",
                Value = new AnyValue { IntValue = 7 },
            }
        );
        await Send.LogsAsync(process, "orders", placed, other, low, Telemetry.Log("it broke", 18));

        var answer = await process.GetJsonAsync("/api/telemetry/logs?search=" + Uri.EscapeDataString(search));
        var page = await process.Http.GetStringAsync(
            new Uri("/logs?search=" + Uri.EscapeDataString(search), UriKind.Relative),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(expected, (int)answer["totalCount"]!);
        Assert.Equal(expected, page.Split("class=\"lv\"").Length - 1);
    }

    [Fact]
    public async Task Traces_Filtered_EachTermMayBeMetByAnotherSpan()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await FillAsync(process);

        var both = await process.GetJsonAsync("/api/telemetry/traces?search=" + Uri.EscapeDataString("tenant.id=harbor status=error"));
        var none = await process.GetJsonAsync("/api/telemetry/traces?search=" + Uri.EscapeDataString("tenant.id=harbor tenant.id=nowhere"));
        var page = await process.Http.GetStringAsync(
            new Uri("/traces?search=" + Uri.EscapeDataString("duration>1h"), UriKind.Relative),
            TestContext.Current.CancellationToken
        );

        Assert.Equal((1, 0), ((int)both["totalCount"]!, (int)none["totalCount"]!));
        Assert.Contains("No trace matches", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tenant.id=", 11, "a value was expected")]
    [InlineData("a=1 =5", 5, "a name was expected before =")]
    [InlineData(">=500", 1, "a name was expected before >=")]
    [InlineData("a==b", 3, "a value was expected after =")]
    [InlineData("a=>5", 3, "a value was expected after =")]
    [InlineData("a=\"open", 3, "not closed")]
    [InlineData("\"open\\", 1, "not closed")]
    [InlineData("\"a\"b", 4, "a blank was expected")]
    [InlineData("words tenant.id>harbor", 17, "a number was expected after >")]
    [InlineData("duration>soon", 10, "a duration was expected")]
    [InlineData("duration>5weeks", 10, "a duration was expected")]
    [InlineData("kind=waiter", 6, "kind is one of")]
    [InlineData("kind>server", 6, "no order")]
    [InlineData("status=bad", 8, "status is one of")]
    [InlineData("trace=5b8e", 7, "32 hexadecimal digits")]
    [InlineData("level>=error", 8, "a number was expected")]
    public async Task Filter_ThatCannotBeRead_Is400AndNamesThePosition(string search, int position, string message)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var api = await process.Http.GetAsync(
            new Uri("/api/telemetry/spans?search=" + Uri.EscapeDataString(search), UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        using var page = await process.Http.GetAsync(
            new Uri("/traces?search=" + Uri.EscapeDataString(search), UriKind.Relative),
            TestContext.Current.CancellationToken
        );

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (api.StatusCode, page.StatusCode));
        var detail = JsonNode.Parse(await api.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["detail"]!.ToString();
        Assert.Contains($"Position {position}: ", detail, StringComparison.Ordinal);
        Assert.Contains(message, detail, StringComparison.Ordinal);
        Assert.Contains(
            $"Position {position}: ",
            await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Filter_OverItsBounds_IsRefused()
    {
        Assert.True(Filter.TryParse(string.Join(' ', Enumerable.Repeat("a=1", Filter.MaxTerms)), Signal.Logs, out _, out _));
        Assert.False(Filter.TryParse(string.Join(' ', Enumerable.Repeat("a=1", Filter.MaxTerms + 1)), Signal.Logs, out _, out var terms));
        Assert.False(Filter.TryParse(new string('x', Filter.MaxLength + 1), Signal.Logs, out _, out var length));
        Assert.Contains("20 terms", terms, StringComparison.Ordinal);
        Assert.Contains("2000 characters", length, StringComparison.Ordinal);
    }

    [Fact]
    public void Filter_AnyText_IsReadOrRefused()
    {
        const string Letters = "ab=<>!\"\\ .5\u00e9";
        var random = new Random(7);

        for (var round = 0; round < 5_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => Letters[random.Next(Letters.Length)]));

            var read = Filter.TryParse(text, Signal.Logs, out var filter, out var error);

            Assert.Equal(read, filter is not null);
            Assert.Equal(read, error.Length == 0);
        }
    }

    // a and b are spans of orders, c of payments, d of the gateway.
    private static async Task FillAsync(ObservatoryProcess process)
    {
        var a = Telemetry.Span(1, name: "POST /orders");
        a.Attributes.Add(Telemetry.Attribute("tenant.id", "harbor"));
        a.Attributes.Add(
            new KeyValue
            {
                Key = "http.response.status_code",
                Value = new AnyValue { IntValue = 500 },
            }
        );
        a.Attributes.Add(
            new KeyValue
            {
                Key = "platform.order.total_minor",
                Value = new AnyValue { IntValue = 9_000 },
            }
        );
        a.Events.Add(new Span.Types.Event { Name = "order.placed" });
        var b = Telemetry.Span(2, name: "GET /stock");
        b.Kind = Span.Types.SpanKind.Client;
        b.Attributes.Add(Telemetry.Attribute("tenant.id", "harbor"));
        b.Attributes.Add(
            new KeyValue
            {
                Key = "http.response.status_code",
                Value = new AnyValue { IntValue = 99 },
            }
        );
        b.Attributes.Add(
            new KeyValue
            {
                Key = "platform.order.total_minor",
                Value = new AnyValue { IntValue = 10_000 },
            }
        );
        b.Attributes.Add(
            new KeyValue
            {
                Key = "items",
                Value = new AnyValue
                {
                    ArrayValue = new ArrayValue
                    {
                        Values =
                        {
                            new AnyValue { StringValue = "pen" },
                            new AnyValue { StringValue = "book" },
                        },
                    },
                },
            }
        );
        var c = Telemetry.Span(3, name: "charge card", failed: true);
        c.Attributes.Add(Telemetry.Attribute("tenant.id", "nordwind"));
        c.Attributes.Add(Telemetry.Attribute("http.response.status_code", "500"));
        c.Attributes.Add(
            new KeyValue
            {
                Key = "ratio",
                Value = new AnyValue { DoubleValue = 0.5 },
            }
        );
        c.Events.Add(
            new Span.Types.Event { Name = "exception", Attributes = { Telemetry.Attribute("exception.type", "TimeoutException") } }
        );
        var d = Telemetry.Span(4, name: "slow");
        d.EndTimeUnixNano = d.StartTimeUnixNano + 250_000_000;
        d.Status = new Status { Code = Status.Types.StatusCode.Ok };
        d.Attributes.Add(Telemetry.Attribute("note", "two words"));
        d.Attributes.Add(Telemetry.Attribute("quoted", "a \"b\" \\ c"));
        d.Attributes.Add(Telemetry.Attribute("address", "see http://shop.example/x?a=b"));
        d.Attributes.Add(
            new KeyValue
            {
                Key = "flag",
                Value = new AnyValue { BoolValue = true },
            }
        );
        await SendAsync(process, "orders", "2026.1.1", "production", a, b);
        await SendAsync(process, "payments", null, null, c);
        await SendAsync(process, "gateway", null, null, d);
    }

    private static async Task SendAsync(
        ObservatoryProcess process,
        string service,
        string? release,
        string? environment,
        params Span[] spans
    )
    {
        var request = Telemetry.Request(service, spans);
        var attributes = request.ResourceSpans[0].Resource.Attributes;
        attributes.Add(Telemetry.Attribute("region", "eu"));

        if (release is not null && environment is not null)
        {
            attributes.Add(Telemetry.Attribute("service.version", release));
            attributes.Add(Telemetry.Attribute("deployment.environment.name", environment));
        }

        await Send.HttpAsync(process, "/v1/traces", Google.Protobuf.MessageExtensions.ToByteArray(request));
    }

    private static List<JsonNode> Spans(JsonNode answer) =>
        [
            .. answer["data"]!["resourceSpans"]!
                .AsArray()
                .SelectMany(group => group!["scopeSpans"]!.AsArray())
                .SelectMany(scope => scope!["spans"]!.AsArray())
                .Select(span => span!),
        ];
}
