using Platform.Observatory.Issues;
using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Releases;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Search;

/// <summary>
/// Finds the records that carry an id, includes their whole traces, and adds the related errors and deploys. Without an id: what went wrong
/// around a time, and the deploys.
/// </summary>
internal sealed class TimelineBuilder(TelemetryStore telemetry, IssueStore issues, DeployStore deploys)
{
    public const int MaxEntries = 1_000;

    // A tenant has thousands of traces, and a page that polls for an order makes one per poll: failed and large traces are preferred.
    private const int MaxTraces = 50;

    public Timeline Build(TimelineQuery query)
    {
        var (from, to) = query.At is { } at ? (at - query.Window, at + query.Window) : (DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
        var traces = query.Id is null ? [] : TracesOf(query.Id, from, to);
        var kept = MostRelevant(traces);
        var entries = (query.Id is null ? FailuresBetween(from, to) : EntriesOf(query.Id, kept))
            .Where(entry => entry.Time >= from && entry.Time <= to)
            .ToList();

        // A deploy belongs to the timeline when it began shortly before or during what is shown.
        var (first, last) =
            entries.Count == 0
                ? (from, to)
                : (entries.Min(entry => entry.Time) - query.Window, entries.Max(entry => entry.Time) + query.Window);
        var services = entries.Select(entry => entry.Service).ToHashSet(StringComparer.Ordinal);
        entries.AddRange(
            deploys
                .All()
                .Where(deploy =>
                    query.At is not null
                        ? deploy.Time >= from && deploy.Time <= to
                        : deploy.Time >= first && deploy.Time <= last && services.Contains(deploy.Service)
                )
                .Select(Entry)
        );
        var sorted = entries.OrderBy(entry => entry.Time).ThenBy(entry => entry.Signal, StringComparer.Ordinal).ToList();
        return new Timeline(
            query.Id,
            query.At is null ? null : from,
            query.At is null ? null : to,
            [.. sorted.Take(MaxEntries)],
            sorted.Count,
            kept.Count,
            kept.Count < traces.Count
        );
    }

    private List<UInt128> TracesOf(string id, DateTimeOffset from, DateTimeOffset to)
    {
        // A request id can have the form of a trace id.
        IEnumerable<UInt128> named = TelemetryQuery.TryParseTraceId(id, out var traceId) && IsKnown(traceId) ? [traceId] : [];
        var (first, last) = (UnixTime.NanosOf(from), UnixTime.NanosOf(to));
        return
        [
            .. WithId(telemetry.Spans, id)
                .Where(span => span.Start >= first && span.Start <= last)
                .Select(record => record.TraceId)
                .Concat(WithId(telemetry.Logs, id).Where(log => log.Time >= first && log.Time <= last).Select(record => record.TraceId))
                .Concat(issues.EventsWhere(item => item.Time >= from && item.Time <= to && HasId(item, id)).Select(item => item.TraceId))
                .Concat(named)
                .Where(trace => trace != UInt128.Zero)
                .Distinct(),
        ];
    }

    /// <summary>Whole traces, as many as the entries have room for; the newest first among equals.</summary>
    private HashSet<UInt128> MostRelevant(List<UInt128> traces)
    {
        var sizes = traces
            .Select(
                (trace, arrival) => (Trace: trace, Arrival: arrival, Spans: telemetry.Spans.Trace(trace), Logs: telemetry.Logs.Trace(trace))
            )
            .OrderByDescending(trace => trace.Spans.Any(span => span.Failed) || trace.Logs.Any(log => log.HasError))
            .ThenByDescending(trace => trace.Spans.Count + trace.Logs.Count)
            .ThenByDescending(trace => trace.Arrival)
            .Take(MaxTraces);
        var (kept, entries) = (new HashSet<UInt128>(), 0);

        foreach (var trace in sizes)
        {
            entries += trace.Spans.Count + trace.Logs.Count;

            if (kept.Count > 0 && entries > MaxEntries)
            {
                break;
            }

            kept.Add(trace.Trace);
        }

        return kept;
    }

    private bool IsKnown(UInt128 trace) =>
        telemetry.Spans.Trace(trace).Count > 0
        || telemetry.Logs.Trace(trace).Count > 0
        || issues.EventsWhere(item => item.TraceId == trace).Count > 0;

    private IEnumerable<TimelineEntry> EntriesOf(string id, HashSet<UInt128> traces)
    {
        var spans = traces.SelectMany(telemetry.Spans.Trace).Select(Entry);
        var logs = traces
            .SelectMany(telemetry.Logs.Trace)
            .Concat(WithId(telemetry.Logs, id).Where(log => log.TraceId == UInt128.Zero))
            .Select(Entry);
        var events = issues
            .EventsWhere(item => traces.Contains(item.TraceId) || (item.TraceId == UInt128.Zero && HasId(item, id)))
            .Select(Entry);
        return spans.Concat(logs).Concat(events);
    }

    private IEnumerable<TimelineEntry> FailuresBetween(DateTimeOffset from, DateTimeOffset to)
    {
        var (first, last) = (UnixTime.NanosOf(from), UnixTime.NanosOf(to));
        var spans = telemetry.Spans.Snapshot().Where(span => span.Failed && span.Start >= first && span.Start <= last).Select(Entry);
        var logs = telemetry
            .Logs.Snapshot()
            .Where(log => log.Severity >= StoredLog.WarningSeverity && log.Time >= first && log.Time <= last)
            .Select(Entry);
        return spans.Concat(logs).Concat(issues.EventsWhere(item => item.Time >= from && item.Time <= to).Select(Entry));
    }

    private static IEnumerable<TRecord> WithId<TRecord>(SignalStore<TRecord> store, string id)
        where TRecord : TelemetryRecord
    {
        var bits = RecordIds.BitsOf(id);

        // Other ids with the same bits are rare and are filtered out here.
        return store
            .Snapshot()
            .Where(record =>
                (record.IdBits & bits) == bits
                && record switch
                {
                    StoredSpan span => RecordIds.Contains(span.Parse().Attributes, id),
                    StoredLog log => RecordIds.Contains(log.Parse().Attributes, id),
                    _ => false,
                }
            );
    }

    private static bool HasId(ErrorEvent item, string id) =>
        item.EventId == id
        || item.RequestId == id
        || item.User == id
        || item.Tenant == id
        || item.Tags.Any(tag => tag.Value == id && tag.Key is ("platform.order.id" or "order_id"));

    private static TimelineEntry Entry(StoredSpan span)
    {
        var trace = Ids.Trace(span.TraceId);
        return new TimelineEntry(
            UnixTime.Of(span.Start),
            "span",
            span.Origin.Service,
            span.Name,
            span.Failed,
            (span.End - span.Start) / 1e6,
            trace,
            new TimelineLinks($"/api/telemetry/traces/{trace}", $"/traces/{trace}?span={Ids.Span(span.SpanId)}")
        );
    }

    private static TimelineEntry Entry(StoredLog log)
    {
        var message = log.Parse();
        var trace = log.TraceId == UInt128.Zero ? null : Ids.Trace(log.TraceId);
        var text = ValueText.Of(message.Body);
        return new TimelineEntry(
            UnixTime.Of(log.Time),
            "log",
            log.Origin.Service,
            text.Length > 0 ? text : message.EventName,
            log.HasError,
            null,
            trace,
            trace is null
                ? new TimelineLinks(null, $"/logs?resource={Uri.EscapeDataString(log.Origin.Service)}")
                : new TimelineLinks($"/api/telemetry/logs?traceId={trace}", $"/logs?traceId={trace}")
        );
    }

    private static TimelineEntry Entry(ErrorEvent item) =>
        new(
            item.Time,
            "event",
            item.Service,
            item.Value.Length > 0 ? $"{item.Type}: {item.Value}" : item.Type,
            true,
            null,
            item.TraceId == UInt128.Zero ? null : Ids.Trace(item.TraceId),
            new TimelineLinks($"/api/issues/{item.IssueId}", $"/issues/{item.IssueId}")
        );

    private static TimelineEntry Entry(Deploy deploy) =>
        new(
            deploy.Time,
            "deploy",
            deploy.Service,
            deploy.PreviousRelease is null ? deploy.Release : $"{deploy.Release} after {deploy.PreviousRelease}",
            false,
            null,
            null,
            new TimelineLinks($"/api/deploys?service={Uri.EscapeDataString(deploy.Service)}", DeployLinks.Of(deploy).Page)
        );
}
