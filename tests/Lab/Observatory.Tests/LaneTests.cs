using Google.Protobuf;
using Platform.Observatory.Forward;
using Platform.Observatory.Otlp;
using static Platform.Observatory.Tests.Forwarding;

namespace Platform.Observatory.Tests;

/// <summary>A lane by itself, with the real sender and a receiver.</summary>
public sealed class LaneTests
{
    /// <summary>Field 1 with more bytes announced than there are: the intake rejects such bytes.</summary>
    private static readonly byte[] Broken = [0x0A, 0x7F];

    private readonly ManualTime _time = new();

    [Fact]
    public async Task InternalError_DuringASend_DropsTheRequestAndKeepsTheLane()
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: false);
        using var log = new LogCollector();
        await using var running = Run(receiver, log);
        var lane = running.Lane;

        lane.Offer(new ForwardBatch(Broken, 3, "", _time.GetTimestamp()));
        await UntilAsync(() => lane.Stats.Failed == 3);
        Assert.NotNull(lane.Stats.FailingSince);
        lane.Offer(Batch(1));
        await UntilAsync(() => lane.Stats.Sent == 1);

        Assert.Equal([1UL], receiver.SpanIds);
        Assert.Equal((0, 0), (lane.Stats.WaitingItems, lane.Stats.WaitingBytes));
        Assert.Null(lane.Stats.FailingSince);
        Assert.Single(log.Lines, line => line.Contains("failed with an internal error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Batch_OlderThanTheLimit_IsDroppedAndCountedAndNewerOnesAreSent()
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: false);
        receiver.IsAway = true;
        using var log = new LogCollector();
        await using var running = Run(receiver, log);
        var lane = running.Lane;

        // One is being retried, one waits behind it, and one arrives later.
        lane.Offer(Batch(1));
        await UntilAsync(() => lane.Stats.FailingSince is not null);
        lane.Offer(Batch(2));
        _time.Advance(LaneLimits.MaxAge + TimeSpan.FromSeconds(1));
        await UntilAsync(() => lane.Stats.Expired == 2);
        lane.Offer(Batch(3));
        receiver.IsAway = false;
        await UntilAsync(() => lane.Stats.Sent == 1);

        Assert.Equal([3UL], receiver.SpanIds);
        Assert.Equal((0, 0), (lane.Stats.WaitingItems, lane.Stats.WaitingBytes));
    }

    [Fact]
    public async Task Batch_OfARequestThatIsYoungerThanTheLimit_OutlivesTheOthers()
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: false);
        using var log = new LogCollector();
        var running = Create(receiver, log);
        var lane = running.Lane;
        lane.Offer(Batch(1));
        _time.Advance(LaneLimits.MaxAge + TimeSpan.FromSeconds(1));
        lane.Offer(Batch(2));

        await using (running.Start())
        {
            await UntilAsync(() => lane.Stats.Sent == 1);
        }

        Assert.Equal([2UL], receiver.SpanIds);
        Assert.Equal((1, 0, 0), (lane.Stats.Expired, lane.Stats.WaitingItems, lane.Stats.WaitingBytes));
    }

    [Fact]
    public async Task Trace_SampledOutWhileItsFirstBatchWaited_IsDroppedWhole()
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: false);
        receiver.IsAway = true;
        using var log = new LogCollector();
        var (first, second, rest) = (Batch(trace: 1, spans: 60), Batch(trace: 2, spans: 60), Batch(trace: 2, spans: 60));
        var running = Create(receiver, log, maxBytes: first.Bytes.Length + second.Bytes.Length);
        var lane = running.Lane;

        // The second was dequeued, did not fit into the request and goes into the next; then the queue overflows.
        lane.Offer(first);
        lane.Offer(second);
        await using (running.Start())
        {
            await UntilAsync(() => lane.Stats.FailingSince is not null);
            lane.Offer(rest);
            receiver.IsAway = false;
            await UntilAsync(() => lane.Stats.WaitingItems == 0);
        }

        Assert.Equal((60, 60, 60), (lane.Stats.Sent, lane.Stats.QueueFull, lane.Stats.Thinned));
        Assert.All(receiver.Spans, span => Assert.Equal(TraceId(1), TraceOf(span)));
    }

    private ForwardBatch Batch(int trace, int spans) =>
        new(
            Telemetry
                .Request("orders", [.. Enumerable.Range(1, spans).Select(id => Telemetry.Span((ulong)id, trace: TraceId(trace)))])
                .ToByteArray(),
            spans,
            "a",
            _time.GetTimestamp()
        );

    private ForwardBatch Batch(ulong id) =>
        new(Telemetry.Request("orders", Telemetry.Span(id, trace: TraceId((int)id))).ToByteArray(), 1, "a", _time.GetTimestamp());

    private RunningLane Run(ForwardReceiver receiver, LogCollector log) => Create(receiver, log).Start();

    private RunningLane Create(ForwardReceiver receiver, LogCollector log, long maxBytes = 1 << 20)
    {
        var address = OtlpHttpSender.AddressOf(new Uri(receiver.Address), Signal.Traces);
        return new RunningLane(
            new Lane(
                "a",
                Signal.Traces,
                new LaneLimits(maxBytes, 100),
                new OtlpHttpSender(address, gzip: false, [], _time),
                new Thinning(_time),
                tokenBucket: null,
                after: null,
                _time,
                log.CreateLogger("lane")
            )
        );
    }

    private sealed class RunningLane(Lane lane) : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private Task _running = Task.CompletedTask;

        public Lane Lane => lane;

        public RunningLane Start()
        {
            _running = lane.RunAsync(_stop.Token);
            return this;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            lane.Dispose();
            _stop.Dispose();
        }
    }
}
