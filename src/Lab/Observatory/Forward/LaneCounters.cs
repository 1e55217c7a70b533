using Platform.Observatory.Ingest;
using Platform.Observatory.Scrubbing;

namespace Platform.Observatory.Forward;

internal enum DropReason
{
    /// <summary>Left out because the destination takes less.</summary>
    Thinned,
    QueueFull,

    /// <summary>Waited for longer than <see cref="LaneLimits.MaxAge"/>.</summary>
    Expired,

    /// <summary>Lost to an error of ours.</summary>
    Failed,

    /// <summary>Not sent when the process ended.</summary>
    Stopped,
}

/// <summary>What became of the items that one destination was to get of one signal, since the start.</summary>
internal sealed class LaneCounters(TimeProvider time)
{
    private const int MaxErrorBytes = 300;

    private readonly long[] _dropped = new long[Enum.GetValues<DropReason>().Length];
    private long _sent;
    private long _refused;
    private long _retries;
    private volatile ForwardError? _lastError;

    /// <summary>Items that the destination took.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Items that the destination will never take.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Attempts that were repeated.</summary>
    public long Retries => Interlocked.Read(ref _retries);

    public ForwardError? LastError => _lastError;

    public long DroppedFor(DropReason reason) => Interlocked.Read(ref _dropped[(int)reason]);

    public void AddDropped(DropReason reason, long items) => Interlocked.Add(ref _dropped[(int)reason], items);

    public void AddSent(long items) => Interlocked.Add(ref _sent, items);

    public void AddRefused(long items) => Interlocked.Add(ref _refused, items);

    public void AddRetry() => Interlocked.Increment(ref _retries);

    /// <summary>The text is foreign, and may repeat what was sent. True when all was well before.</summary>
    public bool Failed(string? message)
    {
        var now = time.GetUtcNow();
        var began = _lastError is { IsOver: false } last ? last.Since : now;
        var isNew = _lastError is null or { IsOver: true };
        var text = TextScrubber.Scrub(message is { Length: > 0 } ? message : "No reason was given.");
        _lastError = new ForwardError(ItemLimits.Cut(text, MaxErrorBytes), began, now, IsOver: false);
        return isNew;
    }

    /// <summary>True when it failed before.</summary>
    public bool Recovered()
    {
        if (_lastError is not { IsOver: false } last)
        {
            return false;
        }

        _lastError = last with { IsOver = true };
        return true;
    }
}

/// <summary>The last failure: its words, since when it goes on (or went), and whether something was taken after it.</summary>
internal sealed record ForwardError(string Message, DateTimeOffset Since, DateTimeOffset At, bool IsOver);
