using Platform.Observatory.Faults;
using Platform.Observatory.Query;
using Platform.Observatory.Releases;
using Platform.Observatory.Store;

namespace Platform.Observatory.Traces;

internal sealed class TraceListBuilder(TelemetryStore store, DeployStore deploys, FaultStore faults, TimeProvider time)
{
    /// <summary>Size of a page; the query API has the rest.</summary>
    private const int PageRows = 100;

    private const int MaxRoutes = 50;

    public TraceList Build(TraceQuery query, string address)
    {
        var now = time.GetUtcNow();
        var traces = TraceGroups.Matching(store.Spans.Snapshot(), query.Query).Select(spans => new TraceSummary(spans)).ToList();
        var routes = traces
            .GroupBy(trace => trace.Name, StringComparer.Ordinal)
            .OrderByDescending(route => route.Count())
            .Select(route => route.Key)
            .Where(name => name.Length > 0)
            .Take(MaxRoutes);
        var matching = traces
            .Where(trace => (query.Route.Length == 0 || trace.Name == query.Route) && trace.Duration >= query.MinNanos)
            .ToList();
        var rows = Math.Min(query.Query.Limit, PageRows);
        return new TraceList
        {
            Rows = [.. Sorted(matching, query.Sort).Skip((query.Page - 1) * rows).Take(rows).Select(trace => TraceRows.Row(trace, now))],
            Matching = matching.Count,
            Kept = store.Spans.Size.Traces,
            Range = query.Range,
            Resource = query.Query.Resources.Count > 0 ? query.Query.Resources[0] : "",
            Route = query.Route,
            Search = query.Query.Search ?? "",
            ErrorsOnly = query.Query.HasError == true,
            MinDuration = query.MinDuration,
            Sort = query.Sort,
            By = query.By,
            Page = query.Page,
            HasMore = query.Page * rows < matching.Count,
            Services =
            [
                .. store
                    .Resources.All()
                    .Where(resource => resource.HasTraces)
                    .Select(resource => resource.Name)
                    .Distinct(StringComparer.Ordinal),
            ],
            Routes = [.. routes],
            Scatter = ScatterBuilder.Build(matching, query.Range, deploys.All(), axis => FaultBands.Of(axis, faults.All, now), address),
            Groups = TraceGroupsBuilder.Build(matching, query.By, query.Query.Search ?? "", address),
        };
    }

    private static IEnumerable<TraceSummary> Sorted(List<TraceSummary> traces, string sort) =>
        sort switch
        {
            "duration" => traces.OrderByDescending(trace => trace.Duration),
            "spans" => traces.OrderByDescending(trace => trace.Spans.Count),
            "errors" => traces.OrderByDescending(trace => trace.Errors).ThenByDescending(trace => trace.Start),
            _ => traces.OrderByDescending(trace => trace.Start),
        };
}
