using System.Threading.Channels;

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
    string destination, Signal? signal, LaneLimits limits, ISender sender, Thinning? thinning, Pace? pace, Lane? after, TimeProvider time,
    ILogger logger) : IDisposable
{
    private static readonly TimeSpan LogEvery = TimeSpan.FromMinutes(1);

    /// <summary>A destination that takes no spans still gets logs.</summary>
    private static readonly TimeSpan MaxHold = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HoldLook = TimeSpan.FromMilliseconds(20);

    /// <summary>After an error of ours: one that repeats itself neither takes a processor nor fills the log.</summary>
    private static readonly TimeSpan ErrorPause = TimeSpan.FromSeconds(1);

    // Bounded here by number and in Offer by bytes.
    private readonly Channel<ForwardBatch> _queue =
        Channel.CreateBounded<ForwardBatch>(new BoundedChannelOptions(LaneLimits.MaxBatches));

    private long _waitingBytes;
    private long _waitingItems;
    private long? _loggedAt;

    // What did not fit into the last request.
    private Taken? _carried;

    public string Name { get; } = signal?.ToString().ToLowerInvariant() ?? "errors";

    public LaneCounters Counters { get; } = new(time);

    public LaneStats Stats
    {
        get
        {
            var error = Counters.LastError;
            return new LaneStats(
                Name, Counters.Sent, Counters.Refused, Counters.DroppedFor(DropReason.Thinned), Counters.DroppedFor(DropReason.QueueFull),
                Counters.DroppedFor(DropReason.Expired), Counters.DroppedFor(DropReason.Failed), Counters.DroppedFor(DropReason.Stopped),
                Counters.Retries, Interlocked.Read(ref _waitingItems), Interlocked.Read(ref _waitingBytes), limits.MaxBytes,
                error?.Message, error?.At, error is { IsOver: false } ? error.Since : null);
        }
    }

    /// <summary>Neither waits nor fails: who offers is answering a service.</summary>
    public void Offer(ForwardBatch batch)
    {
        thinning?.Offered(signal!.Value, batch.Items);

        // Added before it is in the queue, so that whoever takes it out never subtracts first.
        Interlocked.Add(ref _waitingItems, batch.Items);

        if (Interlocked.Add(ref _waitingBytes, batch.Bytes.Length) <= limits.MaxBytes && _queue.Writer.TryWrite(batch))
        {
            return;
        }

        Leave(batch.Bytes.Length, batch.Items);
        Counters.AddDropped(DropReason.QueueFull, batch.Items);
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
            Counters.AddDropped(DropReason.Stopped, Interlocked.Read(ref _waitingItems));
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

            Settle(load);
        }
#pragma warning disable CA1031 // Whatever it is: nobody else would start the lane again.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            Counters.AddDropped(DropReason.Failed, load.WaitingItems);
            Settle(load);
            Counters.Failed(exception.Message);
            LogError(exception, destination, Name);
            await Task.Delay(ErrorPause, time, cancellationToken);
        }
    }

    // Puts together what is there. Batches that came another way have other hops, and a loop must not take the others with it.
    private void Fill(Load load)
    {
        while (Take() is { } taken)
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
    private Taken? Take()
    {
        if (_carried is { } carried)
        {
            _carried = null;
            return carried;
        }

        while (!IsHeld() && _queue.Reader.TryRead(out var batch))
        {
            if (Thin(batch) is { } taken)
            {
                return taken;
            }
        }

        return null;
    }

    private Taken? Thin(ForwardBatch batch)
    {
        try
        {
            var items = batch.Items;
            var kept = thinning is null ? batch.Bytes : thinning.Filter(signal!.Value, batch.Bytes, out items);
            Counters.AddDropped(DropReason.Thinned, batch.Items - items);
            Leave(kept is null ? batch.Bytes.Length : 0, batch.Items - items);
            return kept is { } part ? new Taken(batch, part, items) : null;
        }
        catch
        {
            // It is in no load yet, and nobody else would count it.
            Counters.AddDropped(DropReason.Failed, batch.Items);
            Leave(batch.Bytes.Length, batch.Items);
            throw;
        }
    }

    // True while what the other lane got before is not decided.
    private bool IsHeld() => after is not null && _queue.Reader.TryPeek(out var mine) && after._queue.Reader.TryPeek(out var other)
        && other.OfferedAt < mine.OfferedAt && time.GetElapsedTime(mine.OfferedAt) < MaxHold;

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
                    Counters.AddRefused(load.Items);
                    Failed(result.Message);
                    thinning?.Failed(signal!.Value);
                    return;
                default:
                    Counters.AddRetry();
                    Failed(result.Message);
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
            Leave(oldest.Batch.Bytes.Length, oldest.Items);
            Counters.AddDropped(DropReason.Expired, oldest.Items);
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
        var rejected = Math.Min(result.Rejected, load.Items);
        Counters.AddSent(load.Items - rejected);
        Counters.AddRefused(rejected);

        if (rejected > 0)
        {
            Failed(result.Message);
        }
        else if (Counters.Recovered())
        {
            LogRecovered(destination, Name);
        }

        // What went out makes room: the fill is that of what still waits.
        Settle(load);
        thinning?.Sent(signal!.Value, load.Items, age, Interlocked.Read(ref _waitingBytes) / (double)limits.MaxBytes);

        if (result.RetryAfter is { } pause)
        {
            // Nothing to repeat, but the destination asked for a rest.
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    // Counted as something else than waiting.
    private void Settle(Load load)
    {
        Leave(load.WaitingBytes, load.WaitingItems);
        load.Settle();
    }

    private void Leave(long bytes, long items)
    {
        Interlocked.Add(ref _waitingBytes, -bytes);
        Interlocked.Add(ref _waitingItems, -items);
    }

    // Once a minute at most: a destination that comes and goes repeats itself.
    private void Failed(string? message)
    {
        if (Counters.Failed(message) && (_loggedAt is not { } at || time.GetElapsedTime(at) > LogEvery))
        {
            _loggedAt = time.GetTimestamp();
            LogFailed(destination, Name, Counters.LastError!.Message);
        }
    }

    [LoggerMessage(
        EventId = 5021, Level = LogLevel.Warning,
        Message = "{Destination} does not take {Signal}: {Reason} What cannot wait is dropped and counted")]
    private partial void LogFailed(string destination, string signal, string reason);

    [LoggerMessage(EventId = 5022, Level = LogLevel.Information, Message = "{Destination} takes {Signal} again")]
    private partial void LogRecovered(string destination, string signal);

    [LoggerMessage(
        EventId = 5024, Level = LogLevel.Error,
        Message = "Sending {Signal} on to {Destination} failed in itself; what was in hand is dropped and counted, and the rest is sent")]
    private partial void LogError(Exception exception, string destination, string signal);

    private sealed record Taken(ForwardBatch Batch, ArraySegment<byte> Kept, int Items);

    /// <summary>One request in the making; bounded by MaxRequestBytes and MaxRequestItems, or one batch.</summary>
    private sealed class Load
    {
        private readonly Queue<Taken> _taken = [];

        public bool IsEmpty => _taken.Count == 0;

        public Taken? Oldest => _taken.TryPeek(out var taken) ? taken : null;

        public IReadOnlyList<ReadOnlyMemory<byte>> Parts => [.. _taken.Select(taken => (ReadOnlyMemory<byte>)taken.Kept)];

        public int Items { get; private set; }

        public int Bytes { get; private set; }

        public string Hops { get; private set; } = "";

        /// <summary>Of the oldest part.</summary>
        public long OfferedAt { get; private set; }

        /// <summary>What leaves the queue with it: whole batches, since their bytes are held.</summary>
        public long WaitingBytes { get; private set; }

        public long WaitingItems { get; private set; }

        public bool Fits(Taken taken, int maxItems) => IsEmpty
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

        public void Settle() => (WaitingBytes, WaitingItems) = (0, 0);

        private void Count(Taken taken, int sign)
        {
            Items += sign * taken.Items;
            Bytes += sign * taken.Kept.Count;
            WaitingBytes += sign * taken.Batch.Bytes.Length;
            WaitingItems += sign * taken.Items;
        }
    }
}
