using Platform.Observatory.Deploys;
using Platform.Observatory.Findings;
using Platform.Observatory.Issues;
using Platform.Observatory.Query;
using Platform.Observatory.Releases;
using Platform.Observatory.Requests;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Overview;

internal sealed class OverviewBuilder(
    TelemetryStore store,
    IssueStore issueStore,
    DeployStore deploys,
    IssueViewBuilder issues,
    TimeProvider time
)
{
    private const int MaxServices = 50;
    private const int MaxListed = 4;

    public OverviewView Build(TimeRange range)
    {
        var now = time.GetUtcNow();
        var spans = store.Spans.Snapshot();
        var window = Window.Of(range, spans);
        var requests = new WindowRequests(spans, window);
        var known = deploys.All();
        var (logs, senders) = (store.Logs.Snapshot(), store.Resources.All());
        var lost = LostDependencies.Of(logs, senders, window);
        var seen = senders.ToLookup(sender => sender.Name, sender => sender.LastSeen, StringComparer.Ordinal);
        DateTimeOffset LastSeen(ServiceRequests service) => seen[service.Service].DefaultIfEmpty().Max();
        return new OverviewView
        {
            Range = range,
            Description =
                $"Figures of the last {Format.Length(window.Recent)}, "
                + $"against the {Format.Length(window.Length - window.Recent)} before; lines over all of it",
            Finding = new FindingBuilder(requests, window, known).Build(),
            Funnel = OrderFunnel.Of(logs, window),
            Services =
            [
                .. requests
                    .Services.Select(service => Row(service, window, known, [.. lost[service.Service]], LastSeen(service), now))
                    .OrderBy(row => Order(row.State))
                    .ThenBy(row => row.Service.Class == "outside")
                    .ThenByDescending(row => row.Rate.Values.Sum())
                    .Take(MaxServices),
            ],
            Queues =
            [
                .. Queues
                    .Of(spans, window)
                    .OrderByDescending(queue => queue.Waits.IsSlower || queue.Messages.HasMoreErrors)
                    .ThenByDescending(queue => queue.Messages.RecentCount)
                    .Select(queue => Row(queue, range)),
            ],
            Issues = issues.Newest(MaxListed),
            Deploys = DeployRows.Build(store, issueStore, deploys, now, MaxListed),
        };
    }

    private static ServiceRow Row(
        ServiceRequests service,
        Window window,
        IReadOnlyList<Deploy> deploys,
        IReadOnlyList<LostDependency> lost,
        DateTimeOffset lastSeen,
        DateTimeOffset now
    )
    {
        var series = service.Series;
        var (errors, slow) = (series.HasMoreErrors, series.IsSlower);
        var (state, text) =
            series.IsSilent ? ("warn", $"silent since {Format.Time(service.LastSeen, now)} UTC")
            : errors ? ("bad", "more errors than usual")
            : slow ? ("bad", "slower than usual")
            : lost.Count > 0 ? ("warn", "cannot reach what it needs")
            : series.RecentCount == 0 ? ("wait", "no requests now")
            : ("ok", "as usual");
        var deploy = deploys.LastOrDefault(known => known.Service == service.Service && known.Release == service.Release);
        return new ServiceRow(
            ServiceName.Of(service.Service),
            state,
            text,
            Addresses.Traces(("resource", service.Service), ("range", window.Range.Name)),
            Rate(series),
            Errors(series),
            P95(series),
            service.Release ?? "",
            deploy is { PreviousRelease: not null } && deploy.Time >= window.Range.From,
            service.Instances > 0 ? Format.Count(service.Instances) : "",
            [.. lost.Select(dependency => Row(dependency, now))],
            lastSeen == default ? Moment.None : Format.Moment(lastSeen, now)
        );
    }

    private static QueueRow Row(QueueMessages queue, TimeRange range) =>
        new(
            queue.Queue,
            ServiceName.Of(queue.Receiver),
            Addresses.Traces(
                ("search", $"kind=consumer service={Filter.Quote(queue.Receiver)} messaging.destination.name={Filter.Quote(queue.Queue)}"),
                ("range", range.Name)
            ),
            Rate(queue.Messages),
            Errors(queue.Messages),
            P95(queue.Waits)
        );

    private static Trend Rate(Series series) => new(Format.Rate(series.Rate), "", series.IsSilent ? "warn" : "", series.Rates);

    private static Trend Errors(Series series) =>
        new(
            series.ErrorShare is { } share ? Format.Percent(share) : "",
            series.HasMoreErrors && series.UsualErrorShare is { } usual ? Format.Percent(usual) : "",
            series.HasMoreErrors ? "bad" : "",
            series.ErrorShares
        );

    private static Trend P95(Series series) =>
        new(
            series.P95 is { } p95 ? Format.Duration(p95 * 1e6) : "",
            series.IsSlower && series.UsualP95 is { } before ? Format.Duration(before * 1e6) : "",
            series.IsSlower ? "bad" : "",
            series.P95s
        );

    private static LostRow Row(LostDependency lost, DateTimeOffset now) =>
        new(
            lost.Name,
            Format.Moment(lost.Since, now),
            Addresses.Logs(
                ("resource", lost.Service),
                ("search", $"event={Filter.Quote(LostDependencies.Lost)} Dependency={Filter.Quote(lost.Name)}")
            )
        );

    private static int Order(string state) =>
        state switch
        {
            "bad" => 0,
            "warn" => 1,
            _ => 2,
        };
}
