using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Trace;

namespace Platform.Shop.Tests;

/// <summary>
/// What becomes of spans while the receiver takes a request and does not answer it, as a frozen process does. Not beside other tests: a
/// service here records what any of ours does in this process, and its queue is small.
/// </summary>
[Collection(nameof(TelemetryOutageTests))]
[CollectionDefinition(nameof(TelemetryOutageTests), DisableParallelization = true)]
public sealed class TelemetryOutageTests
{
    private const int QueueSize = 100;

    private static readonly ActivitySource Source = new(new ActivitySourceOptions("Platform.Shop.Tests.Outage"));

    private readonly TaskCompletionSource<bool> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Receiver_ThatIsFrozenForAWhile_LosesOnlyWhatFindsTheQueueFullAndThatIsCounted(bool grpc)
    {
        using var losses = new LossListener();
        await using var receiver = await TelemetryReceiver.StartAsync(grpc);
        receiver.Answer = _answer.Task;
        await using var service = Service(receiver, timeoutMilliseconds: 600_000);
        await SpanAsync(receiver, "first");

        for (var index = 0; index < QueueSize + 50; index++)
        {
            Source.StartActivity($"queued-{index}.")!.Dispose();
        }

        Assert.Equal(50, losses.Count);
        _answer.SetResult(true);
        await receiver.UntilAsync(1, Enumerable.Range(0, QueueSize).Select(index => $"queued-{index}.").Append("first"));
    }

    /// <summary>The limit of what the SDK can tell: this is why the time-out is as long as it is.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Batch_ThatIsNotAnsweredWithinTheTimeOut_IsLostAndNotCounted(bool grpc)
    {
        using var losses = new LossListener();
        await using var receiver = await TelemetryReceiver.StartAsync(grpc);
        receiver.Answer = _answer.Task;
        await using var service = Service(receiver, timeoutMilliseconds: 5_000);
        await SpanAsync(receiver, "first");
        await SpanAsync(receiver, "second");

        receiver.Answer = Task.FromResult(true);
        await SpanAsync(receiver, "third");

        Assert.Equal((1, 0), (receiver.Times("first"), losses.Count));
    }

    /// <summary>Over gRPC the SDK takes a connection that breaks for the receiver's last word.</summary>
    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 1)]
    public async Task Batch_WhoseReceiverDiesBeforeItAnswers_IsSentAgainOverHttpOnly(bool grpc, int times)
    {
        using var losses = new LossListener();
        await using var receiver = await TelemetryReceiver.StartAsync(grpc);
        receiver.Answer = _answer.Task;
        await using var service = Service(receiver, timeoutMilliseconds: 600_000);
        await SpanAsync(receiver, "first");

        receiver.Answer = Task.FromResult(true);
        _answer.SetResult(false);
        await SpanAsync(receiver, "second");

        Assert.Equal((times, 0), (receiver.Times("first"), losses.Count));
    }

    private static WebApplication Service(TelemetryReceiver receiver, int timeoutMilliseconds)
    {
        var service = receiver.Service(
            "--OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY=in_memory",
            $"--OTEL_EXPORTER_OTLP_TIMEOUT={timeoutMilliseconds}",
            $"--OTEL_BSP_MAX_QUEUE_SIZE={QueueSize}",
            "--OTEL_BSP_MAX_EXPORT_BATCH_SIZE=50",
            "--OTEL_BSP_SCHEDULE_DELAY=20"
        );
        service.Services.GetRequiredService<TracerProvider>();
        return service;
    }

    // A span by itself, and in the receiver's hands.
    private static async Task SpanAsync(TelemetryReceiver receiver, string name)
    {
        Source.StartActivity(name)!.Dispose();
        await receiver.UntilAsync(1, name);
    }

    /// <summary>
    /// The spans that the SDK says it lost, as services report them. Its other reason, already_shutdown, is of services that are gone.
    /// </summary>
    private sealed class LossListener : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _count;

        public LossListener()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "otel.sdk.processor.span.processed")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>(
                (_, value, tags, _) =>
                {
                    foreach (var tag in tags)
                    {
                        Interlocked.Add(ref _count, tag is { Key: "error.type", Value: "queue_full" } ? value : 0);
                    }
                }
            );
            _listener.Start();
        }

        public long Count => Interlocked.Read(ref _count);

        public void Dispose() => _listener.Dispose();
    }
}
