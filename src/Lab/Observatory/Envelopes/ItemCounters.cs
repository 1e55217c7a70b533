using System.Collections.Concurrent;

namespace Platform.Observatory.Envelopes;

/// <summary>Counts envelope items by type since the start, and what sessions and client reports contain.</summary>
internal sealed class ItemCounters
{
    public const string Unknown = "unknown";

    private static readonly HashSet<string> Types =
    [
        "event",
        "transaction",
        "attachment",
        "session",
        "sessions",
        "client_report",
        "user_report",
        "feedback",
        "check_in",
        "log",
        "trace_metric",
        "span",
        "otel_log",
        "profile",
        "profile_chunk",
        "replay_event",
        "replay_recording",
        "statsd",
        "metric_meta",
    ];

    // One entry for each known type and one for all others.
    private readonly ConcurrentDictionary<string, long> _items = new();
    private long _sessions;
    private long _crashedSessions;
    private long _lostBySenders;

    public IReadOnlyDictionary<string, long> Items => _items.ToDictionary();

    /// <summary>Started sessions.</summary>
    public long Sessions => Interlocked.Read(ref _sessions);

    public long CrashedSessions => Interlocked.Read(ref _crashedSessions);

    /// <summary>Items that SDKs report as discarded before sending.</summary>
    public long LostBySenders => Interlocked.Read(ref _lostBySenders);

    public void AddItem(string type) => _items.AddOrUpdate(Types.Contains(type) ? type : Unknown, 1, (_, count) => count + 1);

    public void AddSessions(long started, long crashed)
    {
        Interlocked.Add(ref _sessions, started);
        Interlocked.Add(ref _crashedSessions, crashed);
    }

    public void AddLost(long count) => Interlocked.Add(ref _lostBySenders, count);
}
