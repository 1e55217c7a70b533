using System.Threading.Channels;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Forward;

/// <summary>Limits of a lane: how many bytes may wait, including the request in flight, and how many items one request may hold.</summary>
internal sealed record LaneLimits(long MaxBytes, int MaxRequestItems)
{
    public const int MaxBatches = 8_192;

    /// <summary>Well below the 4 MiB that gRPC servers accept by default. A larger batch is sent on its own.</summary>
    public const int MaxRequestBytes = 1 << 20;

    /// <summary>
    /// Older batches are dropped: after an outage of hours a destination would otherwise get stale data first, and current data would not
    /// fit into the queue. Longer than any restart, and than the longest pause that a destination may ask for.
    /// </summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(15);
}

/// <summary>
/// Forwards one signal to one destination: a bounded queue and one sender, so that a slow destination delays no other destination or
/// signal. Signal is null for envelopes. A lane that comes after another (logs after spans) does not overtake it: a log record sent early
/// would make the sampling decision for its trace ahead of traces whose spans still wait.
/// </summary>
internal sealed partial class Lane(
    string destination,
    Signal? signal,
    LaneLimits limits,
    ISender sender,
    Thinning? thinning,
    TokenBucket? tokenBucket,
    Lane? after,
    TimeProvider time,
    ILogger logger
) : IDisposable
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    /// <summary>A destination that takes no spans still gets logs.</summary>
    private static readonly TimeSpan MaxHold = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HoldPollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Delay after an internal error, so that a repeating one neither burns CPU nor floods the log.</summary>
    private static readonly TimeSpan ErrorPause = TimeSpan.FromSeconds(1);

    // Bounded here by count and in Offer by bytes.
    private readonly Channel<ForwardBatch> _queue = Channel.CreateBounded<ForwardBatch>(new BoundedChannelOptions(LaneLimits.MaxBatches));

    private readonly LaneCounters _counters = new(signal?.ToString().ToLowerInvariant() ?? "errors", limits.MaxBytes, time);

    private long? _loggedAt;

    // What did not fit into the last request.
    private QueuedBatch? _carried;

    public LaneStats Stats => _counters.Stats;

    /// <summary>Never blocks or throws: it is called on the request path.</summary>
    public void Offer(ForwardBatch batch)
    {
        thinning?.Offered(signal!.Value, batch.Items);

        // Counted before it is enqueued, so that the consumer never subtracts first.
        var more = new Waiting(batch.Bytes.Length, batch.Items);

        if (_counters.TryAdd(more) && _queue.Writer.TryWrite(batch))
        {
            return;
        }

        _counters.Drop(DropReason.QueueFull, batch.Items, more);
        thinning?.Exclude(signal!.Value, batch.Bytes);
    }

    /// <summary>Accepts nothing more; the queue is still drained.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    /// <summary>Sends until Complete was called and the queue is empty, or until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (_carried is not null || await _queue.Reader.WaitToReadAsync(cancellationToken))
            {
                await SendNextAsync(cancellationToken);
            }
        }
#pragma warning disable CA1031 // A cancelled sender may throw anything.
        catch (Exception) when (cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            // The request in flight may have arrived; it counts as not sent.
            _counters.DropAll(DropReason.Stopped);
        }
    }

    public void Dispose() => sender.Dispose();

    // Sends one request, if there is something to send. An internal error drops that request and keeps the lane running.
    private async Task SendNextAsync(CancellationToken cancellationToken)
    {
        var load = new Load();

        try
        {
            Fill(load);

            if (!load.IsEmpty)
            {
                await SendAsync(load, cancellationToken);
            }
            else if (IsHeld())
            {
                await Task.Delay(HoldPollInterval, time, cancellationToken);
            }
        }
#pragma warning disable CA1031 // Nothing else would restart the lane.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            _counters.Fail(exception.Message, load.Release());
            LogError(exception, destination, Stats.Signal);
            await Task.Delay(ErrorPause, time, cancellationToken);
        }
    }

    // Fills a request from the queue. Batches with different hops are not mixed, so that a rejected loop does not take others with it.
    private void Fill(Load load)
    {
        while (TakeNext(load) is { } queued)
        {
            if (!load.Fits(queued, limits.MaxRequestItems))
            {
                _carried = queued;
                break;
            }

            load.Add(queued);
        }
    }

    // The next batch with something left to send.
    private QueuedBatch? TakeNext(Load load)
    {
        // Some of its traces may have been sampled out while it waited.
        if (_carried is { } carried)
        {
            _carried = null;

            if (Thin(carried, load) is { } still)
            {
                return still;
            }
        }

        while (!IsHeld() && _queue.Reader.TryRead(out var batch))
        {
            if (Thin(new QueuedBatch(batch, batch.Bytes, batch.Items), load) is { } queued)
            {
                return queued;
            }
        }

        return null;
    }

    private QueuedBatch? Thin(QueuedBatch queued, Load load)
    {
        try
        {
            var items = queued.Items;
            var kept = thinning is null ? queued.Kept : thinning.Filter(signal!.Value, queued.Kept, out items);
            var left = queued.Items - items;
            _counters.Drop(DropReason.Thinned, left, new Waiting(kept is null ? queued.Batch.Bytes.Length : 0, left));
            return kept is { } part ? queued with { Kept = part, Items = items } : null;
        }
        catch
        {
            load.Hold(queued.Batch.Bytes.Length, queued.Items);
            throw;
        }
    }

    // True while the other lane has an older batch that is not decided yet.
    private bool IsHeld() =>
        after is not null
        && _queue.Reader.TryPeek(out var mine)
        && after._queue.Reader.TryPeek(out var other)
        && other.OfferedAt < mine.OfferedAt
        && time.GetElapsedTime(mine.OfferedAt) < MaxHold;

    private async Task SendAsync(Load load, CancellationToken cancellationToken)
    {
        var age = time.GetElapsedTime(load.OfferedAt);

        if (tokenBucket is not null)
        {
            await tokenBucket.TakeAsync(load.Items, cancellationToken);
        }

        for (var attempt = 0; ; attempt++)
        {
            DropExpired(load);

            if (load.IsEmpty)
            {
                return;
            }

            var request = new SendRequest(load.Parts, load.Items, load.Hops);
            var result = await TrySendAsync(request, cancellationToken);

            switch (result.Outcome)
            {
                case SendOutcome.Sent:
                    await SentAsync(load, result, age, cancellationToken);
                    return;
                case SendOutcome.Refused:
                    LogIfNew(_counters.Refuse(load.Items, result.Message, load.Release()));
                    thinning?.Failed(signal!.Value);
                    return;
                default:
                    LogIfNew(_counters.Retry(result.Message));
                    thinning?.Failed(signal!.Value);
                    await Task.Delay(Backoff.Of(attempt, result.RetryAfter, Random.Shared.NextDouble()), time, cancellationToken);
                    break;
            }
        }
    }

    // Checked before each attempt, since telemetry ages during an outage.
    private void DropExpired(Load load)
    {
        while (load.Oldest is { } oldest && time.GetElapsedTime(oldest.Batch.OfferedAt) > LaneLimits.MaxAge)
        {
            load.RemoveOldest();
            _counters.Drop(DropReason.Expired, oldest.Items, new Waiting(oldest.Batch.Bytes.Length, oldest.Items));
            thinning?.Exclude(signal!.Value, oldest.Batch.Bytes);
        }
    }

    private async Task<SendResult> TrySendAsync(SendRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await sender.SendAsync(request, cancellationToken);
        }
#pragma warning disable CA1031 // One request that cannot be sent must not stop the lane; it counts as refused.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return new SendResult(SendOutcome.Refused, exception.Message);
        }
    }

    private async Task SentAsync(Load load, SendResult result, TimeSpan age, CancellationToken cancellationToken)
    {
        // Released first, so that the fill covers only what still waits.
        var rejected = Math.Min(result.Rejected, load.Items);
        LogIfNew(_counters.Sent(load.Items, rejected, result.Message, load.Release(), out var hasRecovered));

        if (hasRecovered)
        {
            LogRecovered(destination, Stats.Signal);
        }

        var stats = Stats;
        thinning?.Sent(signal!.Value, load.Items, age, stats.WaitingBytes / (double)stats.MaxWaitingBytes);

        if (result.RetryAfter is { } pause)
        {
            // Nothing to retry, but the destination asked for a pause.
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    // At most once a minute: a flapping destination would repeat itself.
    private void LogIfNew(bool isNew)
    {
        if (isNew && (_loggedAt is not { } at || time.GetElapsedTime(at) > LogInterval))
        {
            _loggedAt = time.GetTimestamp();
            LogFailed(destination, Stats.Signal, Stats.LastError!);
        }
    }

    [LoggerMessage(
        EventId = 5021,
        Level = LogLevel.Warning,
        Message = "{Destination} does not accept {Signal}: {Reason} What does not fit the queue is dropped and counted"
    )]
    private partial void LogFailed(string destination, string signal, string reason);

    [LoggerMessage(EventId = 5022, Level = LogLevel.Information, Message = "{Destination} accepts {Signal} again")]
    private partial void LogRecovered(string destination, string signal);

    [LoggerMessage(
        EventId = 5024,
        Level = LogLevel.Error,
        Message = "Forwarding {Signal} to {Destination} failed with an internal error; its request is dropped and counted"
    )]
    private partial void LogError(Exception exception, string destination, string signal);

    private sealed record QueuedBatch(ForwardBatch Batch, ArraySegment<byte> Kept, int Items);

    /// <summary>A request being built; bounded by MaxRequestBytes and MaxRequestItems, or one batch.</summary>
    private sealed class Load
    {
        private readonly Queue<QueuedBatch> _queued = [];

        // Counts whole batches, since their bytes are held.
        private Waiting _waiting;

        public bool IsEmpty => _queued.Count == 0;

        public QueuedBatch? Oldest => _queued.TryPeek(out var queued) ? queued : null;

        public IReadOnlyList<ReadOnlyMemory<byte>> Parts => [.. _queued.Select(queued => (ReadOnlyMemory<byte>)queued.Kept)];

        public int Items { get; private set; }

        public int Bytes { get; private set; }

        public string Hops { get; private set; } = "";

        /// <summary>Of the oldest part.</summary>
        public long OfferedAt { get; private set; }

        public bool Fits(QueuedBatch queued, int maxItems) =>
            IsEmpty
            || (Bytes + queued.Kept.Count <= LaneLimits.MaxRequestBytes && Items + queued.Items <= maxItems && Hops == queued.Batch.Hops);

        public void Add(QueuedBatch queued)
        {
            if (IsEmpty)
            {
                (Hops, OfferedAt) = (queued.Batch.Hops, queued.Batch.OfferedAt);
            }

            _queued.Enqueue(queued);
            Count(queued, 1);
        }

        public void RemoveOldest() => Count(_queued.Dequeue(), -1);

        /// <summary>Returns what no longer waits, to be counted elsewhere.</summary>
        public Waiting Release()
        {
            var waiting = _waiting;
            _waiting = default;
            return waiting;
        }

        private void Count(QueuedBatch queued, int sign)
        {
            Items += sign * queued.Items;
            Bytes += sign * queued.Kept.Count;
            Hold(sign * queued.Batch.Bytes.Length, sign * queued.Items);
        }

        /// <summary>In flight, to be counted as sent or as dropped.</summary>
        public void Hold(long bytes, long items) => _waiting = new Waiting(_waiting.Bytes + bytes, _waiting.Items + items);
    }
}
