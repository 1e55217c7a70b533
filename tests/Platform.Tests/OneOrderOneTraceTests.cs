using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>The claim of the platform: one order is one trace, whatever happens on its way.</summary>
public sealed class OneOrderOneTraceTests(PlatformFixture platform) : PlatformTest(platform)
{
    private const string Unsampled = "00";

    [Fact]
    public async Task Order_Fulfilled_IsOneTrace()
    {
        var shopper = await Platform.Shop.SignInAsync("acme", "acme-u01", Cancellation);

        var order = await shopper.PlaceAsync(Cancellation);

        var spans = await CompleteTraceAsync(order.TraceId);
        Assert.Empty(OneTrace.Violations(spans));
        Assert.All(spans, span => Assert.Equal(order.RequestId, span["request.id"]));
        Assert.All(
            spans.Where(span => span.Service != "gateway"),
            span => Assert.Equal(("acme-u01", "acme"), (span["user.id"], span["tenant.id"]))
        );
    }

    [Fact]
    public async Task Order_ReachingTheOutsideCompanies_TakesTraceparentAlongAndNoBaggage()
    {
        var shopper = await Platform.Shop.SignInAsync("birch", "birch-u02", Cancellation);

        var order = await shopper.PlaceAsync(Cancellation);

        await CompleteTraceAsync(order.TraceId);
        foreach (var company in new[] { Platform.Acquirer, Platform.Llm })
        {
            var requests = await company.RequestsOfTraceAsync(order.TraceId, Cancellation);
            Assert.NotEmpty(requests);
            Assert.All(
                requests,
                request =>
                {
                    var headers = request
                        .GetProperty("headers")
                        .EnumerateObject()
                        .Select(header => header.Name.ToLowerInvariant())
                        .ToList();
                    Assert.Contains("traceparent", headers);
                    Assert.DoesNotContain("baggage", headers);
                    Assert.DoesNotContain("correlation-context", headers);
                }
            );
        }
    }

    [Fact]
    public async Task Spans_OfAnOrder_AreReceivedOnce()
    {
        var shopper = await Platform.Shop.SignInAsync("acme", "acme-u02", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);

        await CompleteTraceAsync(order.TraceId);

        var trace = await Platform.Telemetry.RawTraceAsync(order.TraceId, Cancellation);
        Assert.Empty(trace.GetProperty("duplicates").EnumerateArray());
    }

    [Fact]
    public async Task Orders_FiftyAtOnce_AreOneTraceEach()
    {
        var shopper = await Platform.Shop.SignInAsync("cedar", "cedar-u01", Cancellation);

        var orders = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => shopper.PlaceAsync(Cancellation)));

        Assert.Equal(50, orders.Select(order => order.TraceId).Distinct().Count());
        foreach (var order in orders)
        {
            Assert.Empty(OneTrace.Violations(await CompleteTraceAsync(order.TraceId)));
        }
    }

    [Fact]
    public async Task Caller_WithItsOwnTraceparent_IsContinuedAndItsBaggageDropped()
    {
        var shopper = await Platform.Shop.SignInAsync("dune", "dune-u01", Cancellation);
        const string traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
        const string spanId = "00f067aa0ba902b7";

        var order = await shopper.PlaceAsync(
            Cancellation,
            headers:
            [
                ("traceparent", $"00-{traceId}-{spanId}-01"),
                ("baggage", "tenant.id=harbor,user.id=mallory"),
                ("X-Request-Id", "callers-own.1"),
            ]
        );

        Assert.Equal((traceId, "callers-own.1"), (order.TraceId, order.RequestId));
        var spans = await CompleteTraceAsync(traceId);
        Assert.Empty(OneTrace.Violations(spans, callersSpan: spanId));
        Assert.DoesNotContain(spans, span => span["tenant.id"] == "harbor" || span["user.id"] == "mallory");
    }

    [Fact]
    public async Task HeadSampling_OfTwentyPercent_KeepsWholeTraces()
    {
        await SampleAsync("parentbased_traceidratio", "0.2");
        try
        {
            var shopper = await Platform.Shop.SignInAsync("ember", "ember-u01", Cancellation);
            var orders = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => shopper.PlaceAsync(Cancellation)));
            await Task.WhenAll(orders.Select(order => shopper.WaitForAsync(order.Id, "fulfilled", Cancellation)));

            // The sampler decides by trace id, so the callers below know which traces are kept: their own ids.
            var kept = await shopper.PlaceAsync(
                Cancellation,
                headers: [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4799-00f067aa0ba902b7-01")]
            );
            await CompleteTraceAsync(kept.TraceId);
            var dropped = await shopper.PlaceAsync(
                Cancellation,
                headers: [("traceparent", $"00-4bf92f3577b34da6a3ce929d0e0e4788-00f067aa0ba902b7-{Unsampled}")]
            );
            await shopper.WaitForAsync(dropped.Id, "fulfilled", Cancellation);

            var traces = new List<IReadOnlyList<Span>>();
            foreach (var order in orders)
            {
                if (await Platform.Telemetry.TraceAsync(order.TraceId, Cancellation) is { Count: > 0 })
                {
                    traces.Add(await CompleteTraceAsync(order.TraceId));
                }
            }

            Assert.InRange(traces.Count, 1, 30);
            Assert.All(traces, spans => Assert.Empty(OneTrace.Violations(spans)));
            Assert.Empty(await Platform.Telemetry.TraceAsync(dropped.TraceId, Cancellation));
        }
        finally
        {
            await SampleAsync(null, null);
        }
    }

    [Fact]
    public async Task Order_ChargedAtTheSecondAttempt_IsOneTrace()
    {
        var shopper = await Platform.Shop.SignInAsync("fjord", "fjord-u01", Cancellation);
        await Platform.CommandAsync("acquirer", "failing", Cancellation);
        PlacedOrder order;
        try
        {
            order = await shopper.PlaceAsync(Cancellation);
            await Platform.Telemetry.WaitForTraceAsync(
                order.TraceId,
                spans => spans.Any(span => span is { Name: "charge_card", IsError: true }),
                "a first attempt fails",
                Cancellation
            );
        }
        finally
        {
            await Platform.CommandAsync("acquirer", "normal", Cancellation);
        }

        var spans = await CompleteTraceAsync(order.TraceId, TimeSpan.FromSeconds(60));
        Assert.Empty(OneTrace.Violations(spans));
        Assert.True(spans.Count(span => span.Name == "charge_card") > 1, "Every attempt is a span of the order's trace.");
    }

    [Fact]
    public async Task Order_PlacedWhileRabbitIsDown_IsOneTrace()
    {
        var shopper = await Platform.Shop.SignInAsync("grove", "grove-u01", Cancellation);
        await Platform.StopAsync("rabbitmq", Cancellation);
        PlacedOrder order;
        try
        {
            order = await shopper.PlaceAsync(Cancellation);
            Assert.Equal("pending", (await shopper.GetAsync(order.Id, Cancellation))?.Status);
        }
        finally
        {
            await Platform.StartAsync("rabbitmq", Cancellation);
        }

        var spans = await CompleteTraceAsync(order.TraceId, TimeSpan.FromSeconds(60));
        Assert.Empty(OneTrace.Violations(spans));
    }

    [Fact]
    public async Task LinkMode_OfAConsumer_StartsANewTraceThatLinksToTheFirst()
    {
        await Platform.ReconfigureAsync(["payments"], "Messaging__TraceContext", "Link", Cancellation);
        try
        {
            var shopper = await Platform.Shop.SignInAsync("harbor", "harbor-u01", Cancellation);

            var order = await shopper.PlaceAsync(Cancellation);

            await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);
            var first = await Platform.Telemetry.WaitForSpanAsync(order.TraceId, "send orders", Cancellation);
            var published = first.Single(span => span.Name == "send orders");
            var second = await Platform.Telemetry.WaitForLinkAsync([published], Cancellation);
            Assert.NotEqual(order.TraceId, second.TraceId);
            Assert.Equal(("payments", "process payments.order-placed"), (second.Service, second.Name));
            Assert.Null(second.ParentSpanId);

            // That hop is missing in the first trace, and the failure says which. The gateway may export later than orders.
            var broken = await Platform.Telemetry.WaitForTraceAsync(
                order.TraceId,
                trace => trace.Contains("gateway", "POST /api/orders") && trace.Contains("orders", "send orders"),
                "the gateway's span and the message's are there",
                Cancellation
            );
            var failure = Assert.Throws<TraceAssertionException>(() => broken.AssertServices("gateway", "orders", "payments"));
            Assert.Contains("missing hop orders -> payments: no span of payments", failure.Message, StringComparison.Ordinal);
            Assert.Contains("orders: send orders <producer>", failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            await Platform.ReconfigureAsync(["payments"], "Messaging__TraceContext", null, Cancellation);
        }
    }

    [Fact]
    public async Task Control_ConsumersWithoutTheirParents_AreNoticed()
    {
        var shopper = await Platform.Shop.SignInAsync("acme", "acme-u03", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);
        var spans = await CompleteTraceAsync(order.TraceId);
        Assert.Empty(OneTrace.Violations(spans));

        IReadOnlyList<Span> broken = [.. spans.Select(span => span.Kind == "consumer" ? span with { ParentSpanId = null } : span)];

        Assert.NotEmpty(OneTrace.Violations(broken));
    }

    private Task<Trace> CompleteTraceAsync(string traceId, TimeSpan? timeout = null) =>
        Platform.Telemetry.WaitForTraceAsync(traceId, OneTrace.LooksComplete, $"trace {traceId} is complete", Cancellation, timeout);

    private async Task SampleAsync(string? sampler, string? argument)
    {
        await Platform.ReconfigureAsync(PlatformFixture.Services, "OTEL_TRACES_SAMPLER_ARG", argument, Cancellation, restart: false);
        await Platform.ReconfigureAsync(PlatformFixture.Services, "OTEL_TRACES_SAMPLER", sampler, Cancellation);
    }
}
