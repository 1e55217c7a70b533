using Platform.Observatory.Deploys;
using Platform.Observatory.Filters;
using Platform.Observatory.Issues;
using Platform.Observatory.Pages;
using Platform.Observatory.Resources;
using Platform.Observatory.Store;

namespace Platform.Observatory.Overview;

internal sealed class OverviewBuilder(TelemetryStore store, IssueStore issueStore, DeployStore deploys, IssueViewBuilder issues, ResourceBoard board, TimeProvider time)
{
    private const int MaxServices = 50;
    private const int MaxListed = 4;

    public OverviewView Build(TimeRange range)
    {
        var now = time.GetUtcNow();
        var spans = store.Spans.Snapshot();
        var window = Window.Of(range, spans);
        var requests = new Requests(spans, window);
        var known = deploys.All();
        var resources = ResourceGroup.Of(board.State, withHidden: false).DistinctBy(group => group.Name, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(group => group.Name, StringComparer.OrdinalIgnoreCase);
        return new OverviewView
        {
            Range = range,
            Explained = $"Figures of the last {Format.Length(window.Recent)}, against the {Format.Length(window.Length - window.Recent)} before; lines over all of it",
            Finding = new Trouble(requests, window, known).Find(),
            Resources = [.. resources.Values.Where(group => group.Worst.Status.IsTrouble).OrderBy(group => group.Worst.Status.Rank).ThenBy(group => group.Name, StringComparer.Ordinal)
                .Take(MaxListed).Select(Troubled)],
            Funnel = OrderFunnel.Of(store.Logs.Snapshot(), window),
            Services = [.. requests.Services.Select(service => Row(service, window, known, resources.GetValueOrDefault(service.Service), now)).OrderBy(row => Order(row.State)).ThenBy(row => row.Service.Class == "outside")
                .ThenByDescending(row => row.Rate.Values.Sum()).Take(MaxServices)],
            Queues = [.. Queues.Of(spans, window).OrderByDescending(queue => queue.Waits.IsSlower || queue.Messages.HasMoreErrors).ThenByDescending(queue => queue.Messages.After).Select(queue => Row(queue, range))],
            Issues = issues.Newest(MaxListed),
            Deploys = DeployRows.Build(store, issueStore, deploys, now, MaxListed),
        };
    }

    private static ServiceRow Row(ServiceRequests service, Window window, IReadOnlyList<Deploy> deploys, ResourceGroup? resource, DateTimeOffset now)
    {
        var series = service.Series;
        var (errors, slow) = (series.HasMoreErrors, series.IsSlower);
        var (state, text) = series.IsSilent ? ("warn", $"silent since {Format.Time(service.LastSeen, now)} UTC")
            : errors ? ("bad", "more errors than usual")
            : slow ? ("bad", "slower than usual")
            : series.After == 0 ? ("wait", "no request now")
            : ("ok", "as usual");
        var deploy = deploys.LastOrDefault(known => known.Service == service.Service && known.Release == service.Release);
        return new ServiceRow(
            new ServiceName(service.Service, ServiceLook.ClassOf(service.Service)), state, text,
            Addresses.Traces(("resource", service.Service), ("range", window.Range.Name)),
            Rate(series), Errors(series), P95(series),
            service.Release ?? "", deploy is { PreviousRelease: not null } && deploy.Time >= window.Range.From, service.Instances > 0 ? Format.Count(service.Instances) : "",
            resource?.Worst is { } worst ? new HealthMark(worst.Status.Health.Length > 0 ? worst.Status.Health : worst.Status.State, worst.Status.IsTrouble ? worst.Status.Class : "", worst.Href) : null);
    }

    private static QueueRow Row(QueueMessages queue, TimeRange range) => new(
        queue.Queue, new ServiceName(queue.Receiver, ServiceLook.ClassOf(queue.Receiver)),
        Addresses.Traces(("search", $"kind=consumer service={Filter.Quote(queue.Receiver)} messaging.destination.name={Filter.Quote(queue.Queue)}"), ("range", range.Name)),
        Rate(queue.Messages), Errors(queue.Messages), P95(queue.Waits));

    private static Trend Rate(Series series) => new(Format.Rate(series.Rate), "", series.IsSilent ? "warn" : "", series.Rates);

    private static Trend Errors(Series series) => new(
        series.ErrorShare is { } share ? Format.Percent(share) : "", series.HasMoreErrors && series.UsualErrorShare is { } usual ? Format.Percent(usual) : "",
        series.HasMoreErrors ? "bad" : "", series.ErrorShares);

    private static Trend P95(Series series) => new(
        series.P95 is { } p95 ? Format.Duration(p95 * 1e6) : "", series.IsSlower && series.UsualP95 is { } before ? Format.Duration(before * 1e6) : "",
        series.IsSlower ? "bad" : "", series.P95s);

    private static TroubledResource Troubled(ResourceGroup group) => new(
        group.Name, ServiceLook.ClassOf(group.Name), group.Worst.Status.Class, group.Worst.Status.State, group.Worst.Status.Health, group.Worst.Href);

    private static int Order(string state) => state switch { "bad" => 0, "warn" => 1, _ => 2 };
}
