using Platform.Observatory.Envelopes;
using Platform.Observatory.Forward;
using Platform.Observatory.History;
using Platform.Observatory.Issues;
using Platform.Observatory.Receiving;
using Platform.Observatory.Store;

namespace Platform.Observatory.Storage;

internal sealed record TelemetryStats(
    StoredSignalStats Spans,
    StoredSignalStats Logs,
    SignalStats Metrics,
    int Resources,
    long RefusedRequests,
    EnvelopeStats Envelopes,
    HistoryStats History,
    IReadOnlyList<ForwardStats> Forward
)
{
    public static TelemetryStats Of(
        TelemetryStore store,
        RefusalLog refusals,
        IssueStore issues,
        ItemCounters items,
        HistoryLog history,
        Forwarder forwarder
    ) =>
        new(
            StoredSignalStats.Of(store.Spans),
            StoredSignalStats.Of(store.Logs),
            SignalStats.Of(store.Metrics),
            store.Resources.All().Count,
            refusals.Count,
            new EnvelopeStats(items.Items, items.Sessions, items.CrashedSessions, items.LostBySenders, issues.Stats),
            history.Stats,
            forwarder.Stats
        );
}

internal sealed record EnvelopeStats(
    IReadOnlyDictionary<string, long> Items,
    long Sessions,
    long CrashedSessions,
    long LostBySenders,
    IssueStats Issues
);

internal sealed record SignalStats(long Received, long Rejected, long Dropped)
{
    public static SignalStats Of(SignalCounters counters) => new(counters.Received, counters.Rejected, counters.Dropped);
}

internal sealed record StoredSignalStats(
    long Received,
    long Rejected,
    long Duplicate,
    long Evicted,
    long Dropped,
    long Late,
    long Ahead,
    int Stored,
    int Traces,
    long StoredBytes,
    int MaxStored,
    long MaxStoredBytes
)
{
    public static StoredSignalStats Of<TRecord>(SignalStore<TRecord> store)
        where TRecord : TelemetryRecord
    {
        var counters = store.Counters;
        var (records, traces, bytes) = store.Size;
        return new StoredSignalStats(
            counters.Received,
            counters.Rejected,
            counters.Duplicate,
            counters.Evicted,
            counters.Dropped,
            counters.Late,
            counters.Ahead,
            records,
            traces,
            bytes,
            store.MaxRecords,
            store.MaxBytes
        );
    }
}
