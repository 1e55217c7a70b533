using Platform.Observatory.Otlp;
using Platform.Redaction;

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

/// <summary>What is in the queue or in the request under way.</summary>
internal readonly record struct Waiting(long Bytes, long Items);

/// <summary>
/// What became of the items that one destination was to get of one signal, since the start. Everything that happens to a request shows at
/// once: whoever reads finds each item in one place, and the failure beside what it cost.
/// </summary>
internal sealed class LaneCounters(string name, long maxBytes, TimeProvider time)
{
    private const int MaxErrorBytes = 300;

    private readonly Lock _lock = new();
    private readonly long[] _dropped = new long[Enum.GetValues<DropReason>().Length];
    private long _sent;
    private long _refused;
    private long _retries;
    private long _waitingBytes;
    private long _waitingItems;
    private ForwardError? _lastError;

    public LaneStats Stats
    {
        get
        {
            lock (_lock)
            {
                return new LaneStats(
                    name,
                    _sent,
                    _refused,
                    DroppedFor(DropReason.Thinned),
                    DroppedFor(DropReason.QueueFull),
                    DroppedFor(DropReason.Expired),
                    DroppedFor(DropReason.Failed),
                    DroppedFor(DropReason.Stopped),
                    _retries,
                    _waitingItems,
                    _waitingBytes,
                    maxBytes,
                    _lastError?.Message,
                    _lastError?.At,
                    _lastError is { IsOver: false } error ? error.Since : null
                );
            }
        }
    }

    /// <summary>False when that is more than may wait; even then it counts as waiting until it is dropped.</summary>
    public bool TryWait(Waiting more)
    {
        lock (_lock)
        {
            _waitingItems += more.Items;
            return (_waitingBytes += more.Bytes) <= maxBytes;
        }
    }

    public void Drop(DropReason reason, long items, Waiting left)
    {
        lock (_lock)
        {
            _dropped[(int)reason] += items;
            Leave(left);
        }
    }

    /// <summary>All that waits.</summary>
    public void DropAll(DropReason reason)
    {
        lock (_lock)
        {
            _dropped[(int)reason] += _waitingItems;
            Leave(new Waiting(_waitingBytes, _waitingItems));
        }
    }

    /// <summary>Lost to an error of ours.</summary>
    public void Fail(string message, Waiting left)
    {
        var text = TextOf(message);
        lock (_lock)
        {
            _dropped[(int)DropReason.Failed] += left.Items;
            Leave(left);
            SetError(text);
        }
    }

    /// <summary>To be tried again. True when all was well before, as in the others.</summary>
    public bool Retry(string? message)
    {
        var text = TextOf(message);
        lock (_lock)
        {
            _retries++;
            return SetError(text);
        }
    }

    /// <summary>Items that the destination will never take.</summary>
    public bool Refuse(long items, string? message, Waiting left)
    {
        var text = TextOf(message);
        lock (_lock)
        {
            _refused += items;
            Leave(left);
            return SetError(text);
        }
    }

    /// <summary>The destination took the items, but for those that it rejected.</summary>
    public bool Sent(long items, long rejected, string? message, Waiting left, out bool hasRecovered)
    {
        var text = TextOf(message);
        lock (_lock)
        {
            _sent += items - rejected;
            _refused += rejected;
            Leave(left);
            hasRecovered = rejected == 0 && _lastError is { IsOver: false };

            if (hasRecovered)
            {
                _lastError = _lastError! with { IsOver = true };
            }

            return rejected > 0 && SetError(text);
        }
    }

    private long DroppedFor(DropReason reason) => _dropped[(int)reason];

    private void Leave(Waiting left)
    {
        _waitingBytes -= left.Bytes;
        _waitingItems -= left.Items;
    }

    // It is foreign, and may repeat what was sent. Before the lock, which whoever answers a service takes too.
    private static string TextOf(string? message) =>
        ItemLimits.Cut(Redactor.Redact(message is { Length: > 0 } ? message : "No reason was given."), MaxErrorBytes);

    private bool SetError(string text)
    {
        var now = time.GetUtcNow();
        var began = _lastError is { IsOver: false } last ? last.Since : now;
        var isNew = _lastError is null or { IsOver: true };
        _lastError = new ForwardError(text, began, now, IsOver: false);
        return isNew;
    }
}

/// <summary>The last failure: its words, since when it goes on (or went), and whether something was taken after it.</summary>
internal sealed record ForwardError(string Message, DateTimeOffset Since, DateTimeOffset At, bool IsOver);
