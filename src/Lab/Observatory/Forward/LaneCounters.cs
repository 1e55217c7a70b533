using Platform.Observatory.Otlp;
using Platform.Redaction;

namespace Platform.Observatory.Forward;

internal enum DropReason
{
    /// <summary>Sampled out because the destination is slower.</summary>
    Thinned,
    QueueFull,

    /// <summary>Waited for longer than <see cref="LaneLimits.MaxAge"/>.</summary>
    Expired,

    /// <summary>Lost to an internal error.</summary>
    Failed,

    /// <summary>Not sent when the process ended.</summary>
    Stopped,
}

/// <summary>What is queued or in flight.</summary>
internal readonly record struct Waiting(long Bytes, long Items);

/// <summary>
/// Item counts of one destination and signal by outcome, since the start. Updates are atomic: a reader finds each item in exactly one
/// place, and an error together with the items it cost.
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

    /// <summary>False when the queue is full; the batch still counts as waiting until it is dropped.</summary>
    public bool TryAdd(Waiting more)
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
            Remove(left);
        }
    }

    /// <summary>Drops everything that waits.</summary>
    public void DropAll(DropReason reason)
    {
        lock (_lock)
        {
            _dropped[(int)reason] += _waitingItems;
            Remove(new Waiting(_waitingBytes, _waitingItems));
        }
    }

    /// <summary>Lost to an internal error.</summary>
    public void Fail(string message, Waiting left)
    {
        var text = RedactedText(message);
        lock (_lock)
        {
            _dropped[(int)DropReason.Failed] += left.Items;
            Remove(left);
            SetError(text);
        }
    }

    /// <summary>To be retried. Like Refuse and Sent, returns true for the first error after a success.</summary>
    public bool Retry(string? message)
    {
        var text = RedactedText(message);
        lock (_lock)
        {
            _retries++;
            return SetError(text);
        }
    }

    /// <summary>Items that the destination will never accept.</summary>
    public bool Refuse(long items, string? message, Waiting left)
    {
        var text = RedactedText(message);
        lock (_lock)
        {
            _refused += items;
            Remove(left);
            return SetError(text);
        }
    }

    /// <summary>The destination accepted the items, except those it rejected.</summary>
    public bool Sent(long items, long rejected, string? message, Waiting left, out bool hasRecovered)
    {
        var text = RedactedText(message);
        lock (_lock)
        {
            _sent += items - rejected;
            _refused += rejected;
            Remove(left);
            hasRecovered = rejected == 0 && _lastError is { IsOver: false };

            if (hasRecovered)
            {
                _lastError = _lastError! with { IsOver = true };
            }

            return rejected > 0 && SetError(text);
        }
    }

    private long DroppedFor(DropReason reason) => _dropped[(int)reason];

    private void Remove(Waiting left)
    {
        _waitingBytes -= left.Bytes;
        _waitingItems -= left.Items;
    }

    // Redacted, since foreign text may repeat what was sent. Done outside the lock, which the request path takes too.
    private static string RedactedText(string? message) =>
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

/// <summary>The last failure: its message, since when it lasts (or lasted), and whether something was accepted after it.</summary>
internal sealed record ForwardError(string Message, DateTimeOffset Since, DateTimeOffset At, bool IsOver);
