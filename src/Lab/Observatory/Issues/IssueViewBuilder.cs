using System.Globalization;
using Platform.Observatory.Charts;
using Platform.Observatory.Logs;
using Platform.Observatory.Releases;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Issues;

internal sealed class IssueViewBuilder(IssueStore issues, TelemetryStore telemetry, DeployStore deploys, TimeProvider time)
{
    private const int MaxRows = 200;
    private const int MaxLogs = 20;
    private const int MaxTagValues = 4;
    private const double MinTagShare = 0.02;
    private readonly DateTimeOffset _now = time.GetUtcNow();

    public IssueList List(IssueQuery query)
    {
        var matching = issues.Find(query, _now);
        var stats = issues.Stats;
        var services = issues
            .Find(IssueQuery.All, _now)
            .SelectMany(issue => issue.Services)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);
        return new IssueList(
            [.. matching.Take(Math.Min(query.Limit, MaxRows)).Select(Row)],
            matching.Count,
            query.Status is { } status ? IssueStatuses.NameOf(status) : "",
            query.Service ?? "",
            query.Text ?? "",
            [.. services],
            $"{Format.Count(stats.EventsReceived, "event", "events")} received, {Format.Count(stats.EventsKept)} kept, "
                + $"{Format.Count(stats.IssuesEvicted, "issue", "issues")} evicted"
        );
    }

    /// <summary>Open issues, the newest first.</summary>
    public IReadOnlyList<IssueRow> Newest(int count) =>
        [
            .. issues
                .Find(IssueQuery.All, _now)
                .Where(issue => issue.Status is IssueStatus.New or IssueStatus.Ongoing or IssueStatus.Regressed)
                .OrderByDescending(issue => issue.FirstSeen)
                .Take(count)
                .Select(Row),
        ];

    public IssueView? ViewOf(string id)
    {
        if (issues.Get(id, _now) is not { } found)
        {
            return null;
        }

        var latest = found.Latest;
        var details = latest is null ? null : EventDetails.Of(latest);
        var events = issues.EventsOf(id);
        return new IssueView
        {
            Row = Row(found.Issue),
            Tenants = Capped(found.Issue.Tenants, found.Issue.TenantsCapped),
            Trail = latest is null ? [] : [.. Trail(latest)],
            Exceptions = details is null ? [] : [.. details.Exceptions.Select(Exception)],
            Breadcrumbs = details is null ? [] : [.. details.Breadcrumbs.Select(Crumb)],
            Logs =
                latest is null || latest.TraceId == UInt128.Zero
                    ? []
                    :
                    [
                        .. telemetry
                            .Logs.Trace(latest.TraceId)
                            .OrderBy(log => log.Time)
                            .Take(MaxLogs)
                            .Select(log => LogLines.Of(log, _now)),
                    ],
            Facts = latest is null
                ? []
                : [.. Facts(latest, found.Issue).Concat(details!.Context.Select(context => new Pair(context.Key, context.Value)))],
            Tags = [.. found.Tags.Select(Tag)],
            Events =
            [
                .. events.Select(item => new EventRow(
                    Clock(item.Time),
                    item.Release ?? "",
                    item.Tenant ?? "",
                    item.User ?? "",
                    item.TraceId == UInt128.Zero ? "" : Ids.Trace(item.TraceId)
                )),
            ],
            EventsText = $"the latest {Format.Count(events.Count)} of {Format.Count(found.Issue.Count)}",
        };
    }

    private IssueRow Row(IssueSummary issue)
    {
        var buckets = issues.Get(issue.Id, _now)?.OverTime ?? [];
        var width = 100.0 / TimeBuckets.Count;
        return new IssueRow(
            issue.Id,
            issue.Type,
            issue.Value,
            issue.Culprit,
            IssueStatuses.NameOf(issue.Status),
            [.. issue.Services.Select(name => ServiceName.Of(name))],
            Format.Count(issue.Count),
            Capped(issue.Users, issue.UsersCapped),
            Clock(issue.LastSeen),
            Clock(issue.FirstSeen),
            [
                .. buckets
                    .Index()
                    .Where(bucket => bucket.Item.Count > 0)
                    .Select(bucket => new Bar(Format.Number(bucket.Index * width), Format.Number(width), "")),
            ]
        );
    }

    // Steps that do not exist for this issue are omitted.
    private IEnumerable<TrailStep> Trail(ErrorEvent item)
    {
        if (item.TraceId != UInt128.Zero)
        {
            var trace = Ids.Trace(item.TraceId);

            if (telemetry.Spans.Trace(item.TraceId).Count > 0)
            {
                yield return new TrailStep("Trace", trace[..8], "/traces/" + trace);
            }

            if (telemetry.Logs.Trace(item.TraceId).Count is var logs and > 0)
            {
                yield return new TrailStep("Logs", Format.Count(logs) + " of this trace", "/logs?traceId=" + trace);
            }
        }

        yield return new TrailStep("Issue", IssueTitle.Of(item.Type, item.Value), "/issues/" + item.IssueId, IsCurrent: true);

        if (deploys.Find(item.Service, item.Release) is { } deploy)
        {
            yield return new TrailStep("Deploy", deploy.Release, DeployLinks.Of(deploy).Page);
        }

        if (item.RequestId is { } request)
        {
            yield return new TrailStep("Request", request, "/search?q=" + Uri.EscapeDataString(request));
        }
    }

    private static IEnumerable<Pair> Facts(ErrorEvent item, IssueSummary issue)
    {
        var facts = new (string Key, string? Value)[]
        {
            ("event", item.EventId),
            ("service", item.Service),
            ("release", item.Release),
            ("environment", item.Environment),
            ("user", item.User),
            ("tenant", item.Tenant),
            ("request", item.RequestId),
            ("first release", issue.FirstRelease),
            ("resolved in", issue.ResolvedIn),
        };
        return facts.Where(fact => fact.Value is not null).Select(fact => new Pair(fact.Key, fact.Value!));
    }

    private static ExceptionView Exception(ExceptionDetails exception) =>
        new(
            exception.Type,
            exception.Value,
            [.. exception.Frames.Where(frame => frame.InApp).Select(Frame)],
            [.. exception.Frames.Where(frame => !frame.InApp).Select(Frame)]
        );

    private static FrameView Frame(Frame frame)
    {
        var first = (frame.Line ?? 0) - frame.Before.Count;
        var code = frame.Context is null
            ? []
            : frame
                .Before.Append(frame.Context)
                .Concat(frame.After)
                .Select(
                    (text, index) => new CodeLine((first + index).ToString(CultureInfo.InvariantCulture), text, index == frame.Before.Count)
                )
                .ToList();
        return new FrameView(
            frame.Function,
            frame.File is null ? ""
                : frame.Line is { } line ? string.Create(CultureInfo.InvariantCulture, $"{frame.File}:{line}")
                : frame.File,
            code
        );
    }

    private CrumbView Crumb(Breadcrumb crumb) =>
        new(
            crumb.Time is { } at ? Clock(at) : Moment.None,
            crumb.Level switch
            {
                "error" or "fatal" => "bad",
                "warning" => "warn",
                _ => "",
            },
            crumb.Message.Length > 0 ? crumb.Message : crumb.Category,
            string.Join(", ", crumb.Data.Select(item => $"{item.Key} {item.Value}"))
        );

    // Shares among the counted events that carry the tag: an issue may be older than its tag counts.
    private static TagView Tag(TagShare tag)
    {
        var all = (double)(tag.Values.Sum(value => value.Count) + tag.Others);

        // Ids differ in every event, so that their shares mean nothing.
        var frequent = tag
            .Values.Where(value => value.Count / all >= MinTagShare || tag.Values.Count <= MaxTagValues)
            .Take(MaxTagValues)
            .ToList();
        return new TagView(
            tag.Key,
            [.. frequent.Select(value => new Pair(value.Value, Format.Percent(value.Count / all)))],
            frequent.Count == 0 ? "differs from event to event" : ""
        );
    }

    private Moment Clock(DateTimeOffset at) => Format.Moment(at, _now);

    private static string Capped(int count, bool isCapped) => isCapped ? $"more than {Format.Count(count)}" : Format.Count(count);
}
