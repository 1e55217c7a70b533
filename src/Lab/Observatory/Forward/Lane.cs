using System.Threading.Channels;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Forward;

/// <summary>Of a lane: how much may wait, what is waiting included in the request under way, and how large one request gets.</summary>
internal sealed record LaneLimits(long MaxBytes, int MaxRequestItems)
{
    public const int MaxBatches = 8_192;

    /// <summary>Well below the 4 MiB that gRPC servers take by default. A single batch that is larger is sent as it came.</summary>
    public const int MaxRequestBytes = 1 << 20;

    /// <summary>
    /// What waits for longer is dropped: a destination that is away for hours would else be given old news first, and what happens now
    /// would not fit into the queue behind it. Longer than any restart, and longer than the longest pause that a destination may ask for.
    /// </summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(15);
}

/// <summary>
/// The way of one signal to one destination: a bounded queue and one sender, so that neither another destination nor another signal waits
/// for this one. Signal is null for envelopes. A lane that comes after another (logs after spans) does not overtake it: a log record sent
/// early would decide for its trace while the spans of other traces still wait for their turn.
/// </summary>
internal sealed partial class Lane(
    string destination,
    Signal? signal,
    LaneLimits limits,
    ISender sender,
    Thinning? thinning,
    Pace? pace,
    Lane? after,
    TimeProvider time,
    ILogger logger
) : IDisposable
{
    private static readonly TimeSpan LogEvery = TimeSpan.FromMinutes(1);

    /// <summary>A destination that takes no spans still gets logs.</summary>
    private static readonly TimeSpan MaxHold = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HoldLook = TimeSpan.FromMilliseconds(20);

    /// <summary>After an error of ours: one that repeats itself neither takes a processor nor fills the log.</summary>
    private static readonly TimeSpan ErrorPause = TimeSpan.FromSeconds(1);

    // Bounded here by number and in Offer by bytes.
    private readonly Channel<ForwardBatch> _queue = Channel.CreateBounded<ForwardBatch>(new BoundedChannelOptions(LaneLimits.MaxBatches));

    private readonly LaneCounters _counters = new(signal?.ToString().ToLowerInvariant() ?? "errors", limits.MaxBytes, time);

    private long? _loggedAt;

    // What did not fit into the last request.
    private Taken? _carried;

    public LaneStats Stats => _counters.Stats;

    /// <summary>Neither waits nor fails: who offers is answering a service.</summary>
    public void Offer(ForwardBatch batch)
    {
        thinning?.Offered(signal!.Value, batch.Items);

        // Counted before it is in the queue, so that whoever takes it out never subtracts first.
        var more = new Waiting(batch.Bytes.Length, batch.Items);

        if (_counters.TryWait(more) && _queue.Writer.TryWrite(batch))
        {
            return;
        }

        _counters.Drop(DropReason.QueueFull, batch.Items, more);
        thinning?.LeaveOut(signal!.Value, batch.Bytes);
    }

    /// <summary>Nothing more is taken; what waits is still sent.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    /// <summary>Sends until Complete was called and the queue is empty, or the token says that it is enough.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (_carried is not null || await _queue.Reader.WaitToReadAsync(cancellationToken))
            {
                await PassAsync(cancellationToken);
            }
        }
#pragma warning disable CA1031 // A sender that is cut off may say so in any way.
        catch (Exception) when (cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            // What was under way may have arrived; it counts as not sent.
            _counters.DropAll(DropReason.Stopped);
        }
    }

    public void Dispose() => sender.Dispose();

    // One request, if there is something for it. An error in here is a mistake of ours: it costs what is in hand, and not the lane.
    private async Task PassAsync(CancellationToken cancellationToken)
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
                await Task.Delay(HoldLook, time, cancellationToken);
            }
        }
#pragma warning disable CA1031 // Whatever it is: nobody else would start the lane again.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            _counters.Fail(exception.Message, load.Release());
            LogError(exception, destination, Stats.Signal);
            await Task.Delay(ErrorPause, time, cancellationToken);
        }
    }

    // Puts together what is there. Batches that came another way have other hops, and a loop must not take the others with it.
    private void Fill(Load load)
    {
        while (Take(load) is { } taken)
        {
            if (!load.Fits(taken, limits.MaxRequestItems))
            {
                _carried = taken;
                break;
            }

            load.Add(taken);
        }
    }

    // The next batch of which something is to be sent.
    private Taken? Take(Load load)
    {
        // Traces of it may have been left out while it waited for the request before it.
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
            if (Thin(new Taken(batch, batch.Bytes, batch.Items), load) is { } taken)
            {
                return taken;
            }
        }

        return null;
    }

    private Taken? Thin(Taken taken, Load load)
    {
        try
        {
            var items = taken.Items;
            var kept = thinning is null ? taken.Kept : thinning.Filter(signal!.Value, taken.Kept, out items);
            var left = taken.Items - items;
            _counters.Drop(DropReason.Thinned, left, new Waiting(kept is null ? taken.Batch.Bytes.Length : 0, left));
            return kept is { } part ? taken with { Kept = part, Items = items } : null;
        }
        catch
        {
            load.Hold(taken.Batch.Bytes.Length, taken.Items);
            throw;
        }
    }

    // True while what the other lane got before is not decided.
    private bool IsHeld() =>
        after is not null
        && _queue.Reader.TryPeek(out var mine)
        && after._queue.Reader.TryPeek(out var other)
        && other.OfferedAt < mine.OfferedAt
        && time.GetElapsedTime(mine.OfferedAt) < MaxHold;

    private async Task SendAsync(Load load, CancellationToken cancellationToken)
    {
        var age = time.GetElapsedTime(load.OfferedAt);

        if (pace is not null)
        {
            await pace.TakeAsync(load.Items, cancellationToken);
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

    // Before each attempt: it is while a destination is away that telemetry gets old.
    private void DropExpired(Load load)
    {
        while (load.Oldest is { } oldest && time.GetElapsedTime(oldest.Batch.OfferedAt) > LaneLimits.MaxAge)
        {
            load.RemoveOldest();
            _counters.Drop(DropReason.Expired, oldest.Items, new Waiting(oldest.Batch.Bytes.Length, oldest.Items));
            thinning?.LeaveOut(signal!.Value, oldest.Batch.Bytes);
        }
    }

    private async Task<SendResult> TrySendAsync(SendRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await sender.SendAsync(request, cancellationToken);
        }
#pragma warning disable CA1031 // One request that cannot be sent must not end the way of all others; it counts as refused.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return new SendResult(SendOutcome.Refused, exception.Message);
        }
    }

    private async Task SentAsync(Load load, SendResult result, TimeSpan age, CancellationToken cancellationToken)
    {
        // What went out makes room: the fill is that of what still waits.
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
            // Nothing to repeat, but the destination asked for a rest.
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    // Once a minute at most: a destination that comes and goes repeats itself.
    private void LogIfNew(bool isNew)
    {
        if (isNew && (_loggedAt is not { } at || time.GetElapsedTime(at) > LogEvery))
        {
            _loggedAt = time.GetTimestamp();
            LogFailed(destination, Stats.Signal, Stats.LastError!);
        }
    }

    [LoggerMessage(
        EventId = 5021,
        Level = LogLevel.Warning,
        Message = "{Destination} does not take {Signal}: {Reason} What cannot wait is dropped and counted"
    )]
    private partial void LogFailed(string destination, string signal, string reason);

    [LoggerMessage(EventId = 5022, Level = LogLevel.Information, Message = "{Destination} takes {Signal} again")]
    private partial void LogRecovered(string destination, string signal);

    [LoggerMessage(
        EventId = 5024,
        Level = LogLevel.Error,
        Message = "Sending {Signal} on to {Destination} failed in itself; what was in hand is dropped and counted, and the rest is sent"
    )]
    private partial void LogError(Exception exception, string destination, string signal);

    private sealed record Taken(ForwardBatch Batch, ArraySegment<byte> Kept, int Items);

    /// <summary>One request in the making; bounded by MaxRequestBytes and MaxRequestItems, or one batch.</summary>
    private sealed class Load
    {
        private readonly Queue<Taken> _taken = [];

        // What leaves the queue with it: whole batches, since their bytes are held.
        private Waiting _waiting;

        public bool IsEmpty => _taken.Count == 0;

        public Taken? Oldest => _taken.TryPeek(out var taken) ? taken : null;

        public IReadOnlyList<ReadOnlyMemory<byte>> Parts => [.. _taken.Select(taken => (ReadOnlyMemory<byte>)taken.Kept)];

        public int Items { get; private set; }

        public int Bytes { get; private set; }

        public string Hops { get; private set; } = "";

        /// <summary>Of the oldest part.</summary>
        public long OfferedAt { get; private set; }

        public bool Fits(Taken taken, int maxItems) =>
            IsEmpty
            || (Bytes + taken.Kept.Count <= LaneLimits.MaxRequestBytes && Items + taken.Items <= maxItems && Hops == taken.Batch.Hops);

        public void Add(Taken taken)
        {
            if (IsEmpty)
            {
                (Hops, OfferedAt) = (taken.Batch.Hops, taken.Batch.OfferedAt);
            }

            _taken.Enqueue(taken);
            Count(taken, 1);
        }

        public void RemoveOldest() => Count(_taken.Dequeue(), -1);

        /// <summary>What waits no longer; to be counted as something else.</summary>
        public Waiting Release()
        {
            var waiting = _waiting;
            _waiting = default;
            return waiting;
        }

        private void Count(Taken taken, int sign)
        {
            Items += sign * taken.Items;
            Bytes += sign * taken.Kept.Count;
            Hold(sign * taken.Batch.Bytes.Length, sign * taken.Items);
        }

        /// <summary>In hand, to be counted as sent or as dropped.</summary>
        public void Hold(long bytes, long items) => _waiting = new Waiting(_waiting.Bytes + bytes, _waiting.Items + items);
    }
}
