using Platform.Observatory.Faults;
using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Releases;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Logs;

internal sealed class LogListBuilder(
    TelemetryStore store,
    DeployStore deploys,
    FaultStore faults,
    AspireDashboard dashboard,
    TimeProvider time
)
{
    /// <summary>Size of a page; an export has the rest.</summary>
    private const int MaxRows = 200;

    private const int MaxAround = 5;
    private static readonly TimeSpan Near = TimeSpan.FromSeconds(5);

    public LogList Build(LogQuery query, string address)
    {
        var now = time.GetUtcNow();
        var matching = Matching(query.Query);
        var rows = Math.Min(query.Query.Limit, MaxRows);

        // One trace in chronological order, otherwise the newest first.
        IReadOnlyList<LogLine> lines = query.Query.TraceId is null
            ? [.. Enumerable.Reverse(matching).Take(rows).Select(log => LogLines.Of(log, now))]
            : LogLines.OfTrace([.. matching.Take(rows)], now);
        return new LogList
        {
            Lines = lines,
            Matching = matching.Count,
            Kept = store.Logs.Size.Records,
            Range = query.Range,
            Resource = query.Query.Resources.Count > 0 ? query.Query.Resources[0] : "",
            Severity = query.Severity,
            Search = query.Query.Search ?? "",
            TraceId = query.Query.TraceId is { } trace ? Ids.Trace(trace) : "",
            Services =
            [
                .. store
                    .Resources.All()
                    .Where(resource => resource.HasLogs)
                    .Select(resource => resource.Name)
                    .Distinct(StringComparer.Ordinal),
            ],
            Histogram = query.Query.TraceId is null
                ? HistogramBuilder.Build(matching, query.Range, deploys.All(), axis => FaultBands.Of(axis, faults.All, now), address)
                : null,
            Open = query.Line.Length > 0 && matching.Find(log => LogQuery.IdOf(log) == query.Line) is { } open ? Details(open, now) : null,
        };
    }

    /// <summary>In order of time.</summary>
    public List<StoredLog> Matching(TelemetryQuery query)
    {
        IReadOnlyList<StoredLog> all = query.TraceId is { } trace ? store.Logs.Trace(trace) : store.Logs.Snapshot();
        return [.. all.Where(query.Matches).OrderBy(log => log.Time)];
    }

    private LogDetails Details(StoredLog log, DateTimeOffset now)
    {
        var message = log.Parse();
        var trace = log.TraceId == UInt128.Zero ? "" : Ids.Trace(log.TraceId);

        // The lines of the same request are those of its trace; without one, of the same process at about the same time.
        var (near, of) =
            trace.Length > 0
                ? (store.Logs.Trace(log.TraceId).OrderBy(other => other.Time).ToList(), "the same trace")
                : (
                    store
                        .Logs.Snapshot()
                        .Where(other => other.Origin.Resource == log.Origin.Resource && IsNear(other, log))
                        .OrderBy(other => other.Time)
                        .ToList(),
                    "the same process"
                );
        var at = near.FindIndex(other => ReferenceEquals(other, log));
        var first = Math.Max(0, at - MaxAround);
        var around = near.Skip(first).Take((2 * MaxAround) + 1).ToList();
        return new LogDetails(
            LogQuery.IdOf(log),
            [
                .. new Pair[]
                {
                    new("level", message.SeverityText),
                    new("service", log.Origin.Service),
                    new("instance", log.Origin.Resource.Instance ?? ""),
                    new("release", log.Origin.Resource.Version ?? ""),
                    new("trace", trace),
                    new("span", log.SpanId == 0 ? "" : Ids.Span(log.SpanId)),
                    new("event", message.EventName),
                    new("scope", log.Origin.Scope?.Name ?? ""),
                }.Where(pair => pair.Value.Length > 0),
            ],
            ValueText.Pairs(message.Attributes),
            LogLines.OfTrace(around, now),
            $"Around it, in {of}",
            [.. Links(log, trace, message)]
        );
    }

    private IEnumerable<PageLink> Links(StoredLog log, string trace, Otlp.LogRecord message)
    {
        if (trace.Length > 0)
        {
            yield return new PageLink(
                "Open its trace",
                log.SpanId == 0 ? $"/traces/{trace}" : $"/traces/{trace}?span={Ids.Span(log.SpanId)}"
            );
            yield return new PageLink("All lines of the trace", Addresses.Logs(("traceId", trace)));
        }

        if (ValueText.Find(message.Attributes, "request.id") is { Length: > 0 } request)
        {
            yield return new PageLink("The request everywhere", "/search?q=" + Uri.EscapeDataString(request));
        }

        if (message.EventName.Length > 0)
        {
            yield return new PageLink("Same event", Addresses.Logs(("search", $"event={Filter.Quote(message.EventName)}")));
        }

        var (from, to) = (log.Time - Math.Min(log.Time, Nanos(Near)), log.Time + Nanos(Near));
        yield return new PageLink(
            "Same process, ±5 s",
            Addresses.Logs(
                ("resource", log.Origin.Resource.Instance ?? log.Origin.Service),
                ("from", Format.Iso(from)),
                ("to", Format.Iso(to))
            )
        );

        if (dashboard.Resource(log.Origin.Service) is { } resource)
        {
            yield return new PageLink("In Aspire's dashboard", resource);
        }
    }

    private static bool IsNear(StoredLog other, StoredLog log) =>
        Math.Max(other.Time, log.Time) - Math.Min(other.Time, log.Time) <= Nanos(Near);

    private static ulong Nanos(TimeSpan time) => (ulong)time.Ticks * 100;
}
