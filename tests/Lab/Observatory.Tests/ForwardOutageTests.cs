using System.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.DependencyInjection;
using Platform.Observatory.Forward;
using Platform.Observatory.Otlp;
using Platform.ServerProcesses;
using static Platform.Observatory.Tests.Forwarding;

namespace Platform.Observatory.Tests;

/// <summary>Destinations that hang, reject, accept a part, are down for a while, or are gone when Observatory stops.</summary>
public sealed class ForwardOutageTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Destination_ThatHangs_SlowsNeitherServicesNorTheOther(bool grpc)
    {
        await using var hanging = await ForwardReceiver.StartAsync(grpc);
        await using var well = await ForwardReceiver.StartAsync(grpc: false);
        var never = new TaskCompletionSource<bool>();
        hanging.Before = (_, _) => never.Task;
        await using var process = await ObservatoryProcess.StartAsync([.. To("hanging", hanging, grpc), .. To("well", well, grpc: false)]);

        var began = Stopwatch.GetTimestamp();
        for (var index = 1UL; index <= 300; index++)
        {
            Assert.Equal(200, (await Send.TracesAsync(process, "orders", Telemetry.Span(index))).Status);
        }

        // Waiting for the destination would take as long as its calls: 300 times 10 s.
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(1), "The services waited.");
        await UntilAsync(process, "well", "traces", lane => Count(lane, "sent") == 300);
        var lane = await LaneAsync(process, "hanging", "traces");
        Assert.Equal((0, 300), (Count(lane, "sent"), Count(lane, "waitingItems")));
        never.SetResult(false);
    }

    [Fact]
    public async Task Destination_ThatRejects_IsNotRetriedAndTheItemsAreCounted()
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: false);
        var asked = 0;
        receiver.Before = async (context, _) =>
        {
            Interlocked.Increment(ref asked);
            context.Response.StatusCode = 400;
            context.Response.ContentType = Send.Protobuf;
            await context.Response.Body.WriteAsync(new Rpc.Status { Code = 3, Message = "no, because of mail@example.com" }.ToByteArray());
            return false;
        };
        await using var process = await ObservatoryProcess.StartAsync(To("a", receiver, grpc: false));

        await Send.TracesAsync(process, "orders", Telemetry.Span(1), Telemetry.Span(2));

        var lane = await UntilAsync(process, "a", "traces", lane => Count(lane, "refused") == 2);
        Assert.Equal((0, 0, 1), (Count(lane, "retries"), Count(lane, "waitingItems"), asked));
        var error = (string)lane["lastError"]!;
        Assert.StartsWith("400: no, because", error, StringComparison.Ordinal);
        Assert.DoesNotContain("mail@example.com", error, StringComparison.Ordinal);
        Assert.NotNull(lane["failingSince"]);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Destination_ThatAsksForADelay_IsRetriedThen(int status)
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: false);
        var times = new List<long>();
        receiver.Before = (context, _) =>
        {
            times.Add(Stopwatch.GetTimestamp());

            if (times.Count > 1)
            {
                return Task.FromResult(true);
            }

            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "2";
            return Task.FromResult(false);
        };
        await using var process = await ObservatoryProcess.StartAsync(To("a", receiver, grpc: false));

        await Send.TracesAsync(process, "orders", Telemetry.Span(1));

        var lane = await UntilAsync(process, "a", "traces", lane => Count(lane, "sent") == 1);
        Assert.Equal((1, 0), (Count(lane, "retries"), Count(lane, "refused")));
        Assert.True(Stopwatch.GetElapsedTime(times[0], times[1]) > TimeSpan.FromSeconds(1.9));
        Assert.Null(lane["failingSince"]);
        Assert.NotNull(lane["lastError"]);
    }

    [Theory]
    [InlineData(14, false, true)]
    [InlineData(8, true, true)]
    [InlineData(8, false, false)]
    [InlineData(3, false, false)]
    public async Task GrpcStatus_OfAFailure_IsHandledAsOtlpSpecifies(int status, bool withRetryInfo, bool comesBack)
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: true);
        var asked = 0;
        receiver.Before = (context, _) =>
        {
            if (Interlocked.Increment(ref asked) > 1)
            {
                return Task.FromResult(true);
            }

            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = status.ToString(System.Globalization.CultureInfo.InvariantCulture);

            if (withRetryInfo)
            {
                var info = new Rpc.RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(300)) };
                var detail = new Any { TypeUrl = "type.googleapis.com/google.rpc.RetryInfo", Value = info.ToByteString() };
                var details = new Rpc.Status { Code = status, Details = { detail } };
                context.Response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(details.ToByteArray());
            }

            return Task.FromResult(false);
        };
        await using var process = await ObservatoryProcess.StartAsync(To("a", receiver, grpc: true));

        await Send.TracesAsync(process, "orders", Telemetry.Span(1));

        var lane = await UntilAsync(process, "a", "traces", lane => Count(lane, "waitingItems") == 0);
        Assert.Equal(comesBack ? (1L, 0L, 1L) : (0, 1, 0), (Count(lane, "sent"), Count(lane, "refused"), Count(lane, "retries")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PartialSuccess_OfADestination_IsCountedAsRefused(bool grpc)
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc);
        receiver.Answer = new ExportServiceResponse
        {
            PartialSuccess = new() { Rejected = 1, ErrorMessage = "one is too old" },
        };
        await using var process = await ObservatoryProcess.StartAsync(To("a", receiver, grpc));

        await Send.TracesAsync(process, "orders", Telemetry.Span(1), Telemetry.Span(2), Telemetry.Span(3));

        var lane = await UntilAsync(process, "a", "traces", lane => Count(lane, "waitingItems") == 0);
        Assert.Equal((2, 1, "one is too old"), (Count(lane, "sent"), Count(lane, "refused"), (string?)lane["lastError"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Destination_DownForAWhile_GetsEverythingWithinTheLimit(bool grpc)
    {
        await using var first = await ForwardReceiver.StartAsync(grpc);
        var port = first.Port;
        await using var process = await ObservatoryProcess.StartAsync(To("a", first, grpc));
        await Send.TracesAsync(process, "orders", Telemetry.Span(1));
        await UntilAsync(process, "a", "traces", lane => Count(lane, "sent") == 1);
        await first.DisposeAsync();

        for (var index = 2UL; index <= 101; index++)
        {
            await Send.TracesAsync(process, "orders", Telemetry.Span(index));
        }

        await UntilAsync(process, "a", "traces", lane => Count(lane, "retries") >= 2);
        await using var second = await ForwardReceiver.StartAsync(grpc, port);
        var lane = await UntilAsync(process, "a", "traces", lane => Count(lane, "sent") == 101);
        Assert.Equal(Enumerable.Range(2, 100).Select(id => (ulong)id), second.SpanIds.Order());
        Assert.Equal((0, 0), (Count(lane, "thinned"), Count(lane, "queueFull")));
        Assert.InRange(second.Requests.Count, 1, 5);
    }

    [Fact]
    public async Task Destination_DownForTooLong_GetsWholeTracesAndTheRestIsCounted()
    {
        await using var first = await ForwardReceiver.StartAsync(grpc: false);
        var port = first.Port;
        await using var process = await ObservatoryProcess.StartAsync(To("a", first, grpc: false));
        await first.DisposeAsync();
        const int Traces = 600;
        var filler = Telemetry.Attribute("filler", new string('x', 7_000));

        // Each trace comes in two requests with all others between: 80 MiB for a queue of 32.
        for (var half = 0; half < 2; half++)
        {
            for (var trace = 0; trace < Traces; trace += 20)
            {
                var spans = Enumerable
                    .Range(trace, 20)
                    .SelectMany(number =>
                        Enumerable.Range(1, 10).Select(id => Telemetry.Span((ulong)(id + (10 * half)), trace: TraceId(number)))
                    )
                    .ToArray();
                Array.ForEach(spans, span => span.Attributes.Add(filler));
                await Send.TracesAsync(process, "orders", spans);
            }
        }

        await using var second = await ForwardReceiver.StartAsync(grpc: false, port);
        var lane = await UntilAsync(process, "a", "traces", lane => Count(lane, "waitingItems") == 0);
        var (sent, full, thinned) = (Count(lane, "sent"), Count(lane, "queueFull"), Count(lane, "thinned"));
        Assert.Equal(Traces * 20, sent + full + thinned);
        Assert.Equal(sent, second.Spans.Count);
        Assert.NotEqual(0, full);

        // The request in flight when the queue was full is the one that can be cut.
        var bySize = second.Spans.GroupBy(TraceOf).GroupBy(trace => trace.Count()).ToDictionary(group => group.Key, group => group.Count());
        Assert.InRange(bySize.Where(group => group.Key != 20).Sum(group => group.Value), 0, 20);
    }

    [Fact]
    public async Task Stop_WithADestinationThatIsGone_IsBounded()
    {
        var process = await ObservatoryProcess.StartAsync(To("a", $"http://127.0.0.1:{FreePort.Next()}", grpc: true));
        await Send.TracesAsync(process, "orders", Telemetry.Span(1), Telemetry.Span(2));
        var forwarder = process.Services.GetRequiredService<Forwarder>();

        await process.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(2, forwarder.Stats[0].Signals.Single(lane => lane.Signal == "traces").Stopped);
    }

    [Fact]
    public async Task Stop_WithADestinationThatAnswers_SendsWhatWaits()
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: true);
        var open = new TaskCompletionSource();
        receiver.Before = async (_, _) =>
        {
            await open.Task;
            return true;
        };
        var process = await ObservatoryProcess.StartAsync(To("a", receiver, grpc: true));

        for (var index = 1UL; index <= 50; index++)
        {
            await Send.TracesAsync(process, "orders", Telemetry.Span(index));
        }

        var stopped = process.DisposeAsync().AsTask();
        open.SetResult();
        await stopped;

        Assert.Equal(50, receiver.SpanIds.Distinct().Count());
    }
}
