using Platform.Observatory.Issues;
using Platform.Observatory.Store;

namespace Platform.Observatory.Pages;

internal sealed class PageFrames(
    TelemetryStore store,
    IssueStore issues,
    EndpointDataSource endpoints,
    AspireDashboard dashboard,
    TimeProvider time
)
{
    public PageFrame Of(HttpContext context)
    {
        var spans = store.Spans;
        var kept = spans.Size.Records;
        return new PageFrame
        {
            Theme = Themes.Of(context.Request),
            Address = context.Request.Path + context.Request.QueryString,
            Addresses = endpoints
                .Endpoints.OfType<RouteEndpoint>()
                .Select(endpoint => endpoint.RoutePattern.RawText)
                .OfType<string>()
                .ToHashSet(StringComparer.Ordinal),
            Dashboard = dashboard,
            NewIssues = issues
                .Find(IssueQuery.All, time.GetUtcNow())
                .Count(issue => issue.Status is IssueStatus.New or IssueStatus.Regressed),
            StoreText = $"{Format.Count(kept)} of {Format.Count(spans.MaxRecords)} spans kept",
            StorePercent = Format.Number(100.0 * kept / spans.MaxRecords),
            RefusedText =
                $"{Format.Count(Refused(spans.Counters) + Refused(store.Logs.Counters))} refused, "
                + $"{Format.Count(spans.Counters.Evicted)} made room",
        };
    }

    private static long Refused(SignalCounters counters) => counters.Rejected + counters.Dropped;
}
