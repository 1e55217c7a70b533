using Google.Protobuf;
using Platform.Observatory.Forward;
using Platform.Observatory.Otlp;
using static Platform.Observatory.Tests.Forwarding;

namespace Platform.Observatory.Tests;

public sealed class ForwardThinningTests
{
    private const int Groups = 250;
    private const int GroupTraces = 20;
    private const int Parts = 4;
    private const int PartSpans = 4;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Destination_ThatIsSlow_GetsWholeTracesWithTheirLogsAndTheRestIsCounted(bool hasLimit)
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: true);

        if (!hasLimit)
        {
            // A destination that takes half a millisecond per span.
            receiver.Before = async (context, body) =>
            {
                var spans = context.Request.Path.Value == Send.TracesMethod ? OtlpItems.Count(Signal.Traces, body) : 0;
                await Task.Delay(TimeSpan.FromMilliseconds(0.5 * spans), context.RequestAborted);
                return true;
            };
        }

        await using var process = await ObservatoryProcess.StartAsync(
            To("slow", receiver, grpc: true, hasLimit ? ["MaxSpansPerSecond=2000"] : [])
        );

        // The parts of a trace come in requests of their own, with those of many other traces between; its logs come with the third.
        for (var step = 0; step < Groups + (10 * Parts); step++)
        {
            for (var part = 0; part < Parts; part++)
            {
                if (step - (10 * part) is >= 0 and < Groups and var group)
                {
                    var traces = Enumerable.Range(group * GroupTraces, GroupTraces).Select(TraceId).ToList();
                    await Send.TracesAsync(
                        process,
                        "orders",
                        [
                            .. traces.SelectMany(trace =>
                                Enumerable.Range(1, PartSpans).Select(id => Telemetry.Span((ulong)((part * PartSpans) + id), trace: trace))
                            ),
                        ]
                    );

                    if (part == 2)
                    {
                        await Send.LogsAsync(process, "orders", [.. traces.Select(trace => Telemetry.Log("line", trace: trace))]);
                        await Send.LogsAsync(process, "orders", new LogRecord { Body = new AnyValue { StringValue = "of no trace" } });
                    }
                }
            }
        }

        var spans = await UntilAsync(process, "slow", "traces", lane => Count(lane, "waitingItems") == 0);
        var logs = await UntilAsync(process, "slow", "logs", lane => Count(lane, "waitingItems") == 0);
        const int Traces = Groups * GroupTraces;
        var (sent, thinned) = (Count(spans, "sent"), Count(spans, "thinned"));
        Assert.Equal((Traces * Parts * PartSpans, 0), (sent + thinned, Count(spans, "queueFull")));
        Assert.Equal(Traces + Groups, Count(logs, "sent") + Count(logs, "thinned"));
        Assert.NotEqual(0, thinned);
        Assert.Equal(sent, receiver.Spans.Count);

        var arrived = receiver
            .Spans.GroupBy(TraceOf)
            .ToDictionary(trace => trace.Key, trace => trace.Select(span => span.SpanId).Distinct().Count());
        Assert.All(arrived, trace => Assert.Equal(Parts * PartSpans, trace.Value));
        Assert.Equal(arrived.Keys.Order(), receiver.Logs.Where(log => log.TraceId.Length > 0).Select(TraceOf).Order());
        Assert.Equal(Groups, receiver.Logs.Count(log => log.TraceId.Length == 0));
    }

    [Fact]
    public void Share_WithAGrowingBacklog_FallsAndRisesWhenNothingWaits()
    {
        var time = new ManualTime();
        var thinning = new Thinning(time);
        var ages = new List<double> { 0 };

        // 1,000 a second arrive and 100 a second are sent, so the backlog gets older.
        for (var look = 0; look < 40; look++)
        {
            time.Advance(TimeSpan.FromSeconds(0.6));
            thinning.Offered(Signal.Traces, 600);
            ages.Add(Math.Max(0, ages[^1] + (0.6 * (1 - (0.1 / thinning.Share)))));
            thinning.Sent(Signal.Traces, 60, TimeSpan.FromSeconds(ages[^1]), fill: 0.05);
        }

        Assert.InRange(thinning.Share, 0.04, 0.2);
        Assert.InRange(ages.Max(), 1, 6);

        for (var look = 0; look < 100; look++)
        {
            time.Advance(TimeSpan.FromSeconds(2.5));
            thinning.Sent(Signal.Traces, 10, TimeSpan.Zero, fill: 0);
        }

        Assert.Equal(1, thinning.Share);
    }

    [Fact]
    public void Share_WhileADestinationCatchesUp_StaysOne()
    {
        var time = new ManualTime();
        var thinning = new Thinning(time);
        thinning.Offered(Signal.Traces, 100_000);
        thinning.Failed(Signal.Traces);

        for (var age = 60.0; age > 0; age -= 0.5)
        {
            time.Advance(TimeSpan.FromSeconds(0.6));
            thinning.Sent(Signal.Traces, 2_000, TimeSpan.FromSeconds(age), fill: age / 100);
        }

        Assert.Equal(1, thinning.Share);
    }

    [Fact]
    public void Decision_OnceMade_HoldsWhateverTheShareDoes()
    {
        var decisions = new TraceDecisions();
        var traces = Enumerable.Range(1, 1_000).Select(number => (UInt128)number).ToList();
        var early = traces.Take(100).Where(trace => decisions.IsKept(trace, 1)).ToList();
        var low = traces.Where(trace => decisions.IsKept(trace, 0.1)).ToList();

        Assert.Equal(100, early.Count);
        Assert.Equal(early, low.Take(100));
        Assert.InRange(low.Count, 100 + 50, 100 + 130);
        Assert.Equal(low, traces.Where(trace => decisions.IsKept(trace, 1)));

        // A lower share keeps a subset.
        var less = new TraceDecisions();
        var kept = traces.Skip(100).Where(trace => less.IsKept(trace, 0.05)).ToList();
        Assert.NotEmpty(kept);
        Assert.Subset(low.ToHashSet(), kept.ToHashSet());
    }

    [Fact]
    public void Decision_OfATraceThatLostAPart_IsToDropTheRest()
    {
        var decisions = new TraceDecisions();
        decisions.Exclude(1);

        Assert.False(decisions.IsKept(1, 1));
        Assert.True(decisions.IsKept(2, 1));

        decisions.Exclude(2);
        Assert.False(decisions.IsKept(2, 1));
    }

    [Fact]
    public void Filter_OfARequest_KeepsAllOtherItems()
    {
        var request = Telemetry.Request("orders", Telemetry.FullSpan(), Telemetry.Span(2, trace: TraceId(2)), Telemetry.Span(3));
        request.ResourceSpans[0].SchemaUrl = "https://example.com/1";
        request.ResourceSpans.Add(Telemetry.Request("payments", Telemetry.Span(4, trace: TraceId(2))).ResourceSpans[0]);
        var bytes = request.ToByteArray();

        var wanted = UInt128.Parse(Telemetry.Trace, System.Globalization.NumberStyles.HexNumber, null);
        var kept = OtlpItems.Filter(Signal.Traces, bytes, trace => trace == wanted, out var count);

        request.ResourceSpans.RemoveAt(1);
        request.ResourceSpans[0].ScopeSpans[0].Spans.RemoveAt(1);
        Assert.Equal((2, request), (count, ExportTraceServiceRequest.Parser.ParseFrom(kept!.Value.AsSpan())));
        Assert.Null(OtlpItems.Filter(Signal.Traces, bytes, _ => false, out count));
        Assert.Equal(0, count);
        Assert.Same(bytes, OtlpItems.Filter(Signal.Traces, bytes, _ => true, out count)!.Value.Array);
        Assert.Equal(4, count);
    }
}
