using Platform.Observatory.Deploys;
using Platform.Observatory.Issues;
using Platform.Observatory.Map;
using Platform.Observatory.Monitors;
using Platform.Observatory.Overview;
using Platform.Observatory.Query;
using Platform.Observatory.Search;
using Platform.Observatory.Store;

namespace Platform.Observatory.Pages;

/// <summary>Every view is an address.</summary>
internal static class PageEndpoints
{
    // Of the releases that a trace ran through the youngest are suspects.
    private const int MaxTrailDeploys = 2;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", OverviewAsync);
        routes.MapGet("/map", MapAsync);
        routes.MapGet("/traces", TracesAsync);
        routes.MapGet("/traces/{traceId}", TraceAsync);
        routes.MapGet("/issues", Issues);
        routes.MapGet("/issues/{id}", Issue);
        routes.MapPost("/issues/{id}/status", SetStatusAsync);
        routes.MapGet("/logs", LogsAsync);
        routes.MapGet("/logs/live", TailAsync);
        routes.MapGet("/deploys", DeploysAsync);
        routes.MapGet("/monitors", MonitorsAsync);
        routes.MapGet("/search", SearchAsync);
        routes.MapGet("/store", StoreAsync);
        Assets.Map(routes);
        Themes.Map(routes);
        routes.MapFallback((PageRenderer pages) => NotFound(pages, "There is no such page."));
    }

    private static async Task<IResult> OverviewAsync(
        HttpContext context,
        TelemetryApi api,
        OverviewBuilder overview,
        PageRenderer pages,
        TimeProvider time
    )
    {
        if (!TimeRange.TryParse(context.Request.Query, time.GetUtcNow(), "30m", out var range, out var error))
        {
            return BadRequest(pages, error);
        }

        await api.SettledAsync(context.RequestAborted);
        return pages.Page<OverviewPage>(null, new() { [nameof(OverviewPage.View)] = overview.Build(range) });
    }

    private static async Task<IResult> MapAsync(
        HttpContext context,
        TelemetryApi api,
        MapBuilder map,
        PageRenderer pages,
        TimeProvider time
    )
    {
        if (!TimeRange.TryParse(context.Request.Query, time.GetUtcNow(), "30m", out var range, out var error))
        {
            return BadRequest(pages, error);
        }

        await api.SettledAsync(context.RequestAborted);
        return pages.Page<MapPage>(null, new() { [nameof(MapPage.View)] = map.Build(range) });
    }

    private static async Task<IResult> TracesAsync(
        HttpContext context,
        TelemetryApi api,
        TraceListBuilder traces,
        PageRenderer pages,
        TimeProvider time
    )
    {
        if (!TraceQuery.TryParse(context.Request.Query, time.GetUtcNow(), out var query, out var error))
        {
            return BadRequest(pages, error);
        }

        await api.SettledAsync(context.RequestAborted);
        return pages.Page<TracesPage>(
            null,
            new() { [nameof(TracesPage.List)] = traces.Build(query, context.Request.Path + context.Request.QueryString) }
        );
    }

    private static async Task<IResult> TraceAsync(
        string traceId,
        HttpContext context,
        TelemetryApi api,
        TelemetryStore store,
        IssueStore issues,
        DeployStore deploys,
        PageRenderer pages,
        TimeProvider time
    )
    {
        if (!TraceView.TryParse(context.Request.Query, out var view, out var error))
        {
            return BadRequest(pages, error);
        }

        await api.SettledAsync(context.RequestAborted);
        var spans = TelemetryQuery.TryParseTraceId(traceId, out var id) ? store.Spans.Trace(id) : [];

        if (spans.Count == 0)
        {
            return NotFound(pages, "No span of this trace is in the store: it was never received, or it made room for newer ones.");
        }

        var waterfall = new WaterfallBuilder(
            spans,
            store.Logs.Trace(id),
            store.Spans.Snapshot(),
            view,
            context.Request.Path + context.Request.QueryString,
            time.GetUtcNow()
        ).Build();
        return pages.Page<TracePage>(
            null,
            new()
            {
                [nameof(TracePage.Waterfall)] = waterfall,
                [nameof(TracePage.View)] = view.Name,
                [nameof(TracePage.Sort)] = view.Sort,
                [nameof(TracePage.Trail)] = Trail(waterfall, TraceLinks.Of(spans, issues, deploys, time.GetUtcNow())),
            }
        );
    }

    private static IResult Issues(HttpContext context, IssueViewBuilder views, PageRenderer pages) =>
        IssueQuery.TryParse(context.Request.Query, out var query, out var error)
            ? pages.Page<IssuesPage>(null, new() { [nameof(IssuesPage.List)] = views.List(query) })
            : BadRequest(pages, error);

    private static IResult Issue(string id, IssueViewBuilder views, PageRenderer pages) =>
        views.One(id) is { } view
            ? pages.Page<IssuePage>(null, new() { [nameof(IssuePage.View)] = view })
            : NotFound(pages, "There is no such issue: it was never seen, or it made room for newer ones.");

    private static async Task<IResult> SetStatusAsync(string id, HttpContext context, IssueChanges changes, PageRenderer pages)
    {
        if (!OwnForms.IsOwn(context.Request))
        {
            return BadRequest(pages, "This form did not come from the page of the issue.");
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        return IssueStatuses.Parse(form["status"]) is not { } status || !IssueStatuses.Settable.Contains(status)
                ? BadRequest(pages, "There is no such status to set.")
            : changes.SetStatus(id, status) is null ? NotFound(pages, "There is no such issue.")
            : TypedResults.LocalRedirect($"~/issues/{Uri.EscapeDataString(id)}");
    }

    private static async Task<IResult> LogsAsync(
        HttpContext context,
        TelemetryApi api,
        LogListBuilder logs,
        PageRenderer pages,
        TimeProvider time
    )
    {
        var format = context.Request.Query["format"].ToString();

        if (
            !LogQuery.TryParse(context.Request.Query, time.GetUtcNow(), out var query, out var error)
            || format is not ("" or "ndjson" or "csv")
        )
        {
            return BadRequest(pages, error.Length > 0 ? error : "format must be ndjson or csv.");
        }

        await api.SettledAsync(context.RequestAborted);
        return format.Length > 0
            ? LogExport.File(logs.Matching(query.Query), format)
            : pages.Page<LogsPage>(
                null,
                new() { [nameof(LogsPage.List)] = logs.Build(query, context.Request.Path + context.Request.QueryString) }
            );
    }

    private static Task<IResult> TailAsync(HttpContext context, LogTail tail, PageRenderer pages, TimeProvider time) =>
        LogQuery.TryParse(context.Request.Query, time.GetUtcNow(), out var query, out var error)
            ? tail.FollowAsync(context, query.Query)
            : Task.FromResult(BadRequest(pages, error));

    private static async Task<IResult> DeploysAsync(
        HttpContext context,
        TelemetryApi api,
        TelemetryStore store,
        IssueStore issues,
        DeployStore deploys,
        PageRenderer pages,
        TimeProvider time
    )
    {
        await api.SettledAsync(context.RequestAborted);
        return pages.Page<DeploysPage>(
            null,
            new() { [nameof(DeploysPage.Rows)] = DeployRows.Build(store, issues, deploys, time.GetUtcNow()) }
        );
    }

    private static async Task<IResult> MonitorsAsync(
        HttpContext context,
        TelemetryApi api,
        MonitorStore monitors,
        TelemetryStore store,
        PageRenderer pages,
        TimeProvider time
    )
    {
        await api.SettledAsync(context.RequestAborted);
        return pages.Page<MonitorsPage>(null, new() { [nameof(MonitorsPage.Rows)] = MonitorRows.Build(monitors, store, time.GetUtcNow()) });
    }

    private static async Task<IResult> SearchAsync(
        HttpContext context,
        TelemetryApi api,
        TimelineBuilder timelines,
        PageRenderer pages,
        TimeProvider time
    )
    {
        var values = context.Request.Query;
        var (id, at, window) = (values["q"].ToString().Trim(), values["at"].ToString().Trim(), values["window"].ToString().Trim());
        var view = new SearchView(id, at, window, "", [], "");

        if (view.HasQuery)
        {
            await api.SettledAsync(context.RequestAborted);
            view = TimelineQuery.TryParse(values, time.GetUtcNow(), out var query, out var error)
                ? SearchViewBuilder.Build(timelines.Build(query), at, window, time.GetUtcNow())
                : view with
                {
                    Problem = error,
                };
        }

        return pages.Page<SearchPage>(null, new() { [nameof(SearchPage.View)] = view });
    }

    private static async Task<IResult> StoreAsync(HttpContext context, TelemetryApi api, StoreViewBuilder store, PageRenderer pages)
    {
        await api.SettledAsync(context.RequestAborted);
        return pages.Page<StorePage>(null, new() { [nameof(StorePage.View)] = store.Build() });
    }

    private static IReadOnlyList<TrailStep> Trail(Waterfall waterfall, TraceLinks links) =>
        [
            new TrailStep("Trace", waterfall.TraceId[..8], "/traces/" + waterfall.TraceId, IsCurrent: true),
            .. waterfall.Logs > 0
                ? [new TrailStep("Logs", Format.Count(waterfall.Logs) + " of this trace", "/logs?traceId=" + waterfall.TraceId)]
                : Array.Empty<TrailStep>(),
            .. links.Issues.Select(issue => new TrailStep("Issue", IssueTitle.Of(issue.Type, issue.Value), issue.Links.Page)),
            .. links
                .Deploys.OrderByDescending(deploy => deploy.PreviousRelease is not null)
                .ThenByDescending(deploy => deploy.Time)
                .Take(MaxTrailDeploys)
                .Select(deploy => new TrailStep("Deploy", $"{deploy.Service} {deploy.Release}", DeployLinks.Of(deploy).Page)),
        ];

    public static IResult BadRequest(PageRenderer pages, string text) =>
        pages.Page<MessagePage>(
            StatusCodes.Status400BadRequest,
            new() { [nameof(MessagePage.Heading)] = "This cannot be read", [nameof(MessagePage.Text)] = text }
        );

    private static IResult NotFound(PageRenderer pages, string text) =>
        pages.Page<MessagePage>(
            StatusCodes.Status404NotFound,
            new() { [nameof(MessagePage.Heading)] = "Not found", [nameof(MessagePage.Text)] = text }
        );
}
