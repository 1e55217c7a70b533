using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Releases;
using Platform.Observatory.Requests;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Findings;

/// <summary>
/// The operation that deviates most from its usual values: failing before slow, then by errors or by the time that was added. Without a
/// baseline, an operation that fails in at least 5 % of its requests.
/// </summary>
internal sealed class FindingBuilder(WindowRequests requests, Window window, IReadOnlyList<Deploy> deploys)
{
    private const double NotableShare = 0.05;

    // Nobody notices less; the table of services shows it.
    private const double NotableMilliseconds = 25;

    // Fraction of the current average per step; a step below it is before the start.
    private const double MinStepShare = 0.2;

    private const int MaxPeers = 100;

    // A finding that is not only notable: somebody should look now.
    private const double GraveMilliseconds = 1_000;
    private const double GraveFactor = 3;

    private static readonly TimeSpan DeployBefore = TimeSpan.FromMinutes(10);

    public Finding? Build() =>
        Failing(requests.Operations) is { } request ? View(request, null)
        : Failing(requests.Calls) is { } call ? View(call, PeerOf(call))
        : SlowRequestOrCall();

    /// <summary>
    /// Whether an operation, or calls of a service to another, fail or are slow. What was usual when it was found is asked for because it
    /// may have lasted for most of the window; null when nobody knows. One that is tried no more holds no more.
    /// </summary>
    public bool Holds(string service, string subject, bool isCall, bool isFailing, Usual? before) =>
        (isCall ? requests.Calls : requests.Operations).Any(operation =>
            operation.Service == service
            && (
                ((isFailing ? IsFailing(operation.Series) : IsSlow(operation)) && (isCall ? PeerOf(operation) : operation.Name) == subject)
                || (operation.Name == before?.Operation && IsWorseThan(before.Value, operation.Series, isFailing))
            )
        );

    // A slow company makes requests slow, which say it then; or only what happens after them, when nobody waits, and then the call says it.
    private Finding? SlowRequestOrCall()
    {
        var request = Slowest(requests.Operations);
        var call = Slowest(requests.Calls.Where(IsToOutside));
        return call is not null && Added(call) > 2 * Added(request) ? View(call, PeerOf(call))
            : request is not null ? View(request, null)
            : null;
    }

    private static OperationRequests? Failing(IEnumerable<OperationRequests> operations) =>
        operations.Where(operation => IsFailing(operation.Series)).MaxBy(operation => operation.Series.ErrorShare);

    private static OperationRequests? Slowest(IEnumerable<OperationRequests> operations) => operations.Where(IsSlow).MaxBy(Added);

    // Milliseconds above the usual p95.
    private static double Added(OperationRequests? operation) => operation?.Series.P95 - operation?.Series.UsualP95 ?? 0;

    // A slow database or service makes requests slow, which are reported already. External services may be called outside of any request.
    private bool IsToOutside(OperationRequests call) => call.Series.IsSlower && ServiceName.ClassOf(PeerOf(call)) == "outside";

    // Calls of one name may have several peers: takes the one with the most affected calls.
    private string PeerOf(OperationRequests call)
    {
        var limit = call.Series.UsualP95 * 1e6;
        var affected = call
            .Spans.Where(span => window.IsRecent(span.Start) && (IsFailing(call.Series) ? span.Failed : span.End - span.Start > limit))
            .TakeLast(MaxPeers);
        return affected
                .Select(span => span.Parse().Attributes)
                .Select(attributes =>
                    ValueText.Find(attributes, "peer.service")
                    ?? ValueText.Find(attributes, "db.system.name")
                    ?? ValueText.Find(attributes, "server.address")
                )
                .OfType<string>()
                .GroupBy(peer => peer, StringComparer.Ordinal)
                .MaxBy(group => group.Count())
                ?.Key
            ?? call.Name;
    }

    private static bool IsFailing(Series series) =>
        series.HasMoreErrors
        || (series.UsualErrorShare is null && series.Errors >= Series.NotableErrors && series.ErrorShare >= NotableShare);

    private static bool IsSlow(OperationRequests operation) => operation.Series.IsSlower && Added(operation) >= NotableMilliseconds;

    // Half of what makes a finding grave: one at the limit does not come and go, and a little slower for good is no incident.
    private static bool IsWorseThan(double usual, Series series, bool isFailing) =>
        isFailing
            ? series.HasMoreErrorsThan(usual)
            : series.IsSlowerThan(Math.Max(usual + (GraveMilliseconds / 2), usual * GraveFactor / 2));

    // to is the peer of a call; null for a request.
    private Finding View(OperationRequests operation, string? to)
    {
        var series = operation.Series;
        var failing = IsFailing(series);
        var limit = series.UsualP95 * 1e6;
        var affected = operation.Spans.Where(span => failing ? span.Failed : span.End - span.Start > limit).ToList();
        var (since, search) = (Since(affected), failing ? "status=error" : $"duration>{Math.Ceiling(series.UsualP95!.Value):0}ms");
        var kind = to is null ? "" : "kind=client ";
        var deploy = deploys
            .Where(known => known.PreviousRelease is not null && known.Time <= since && known.Time >= since - DeployBefore)
            .OrderBy(known => known.Service != operation.Service)
            .ThenByDescending(known => known.Time)
            .FirstOrDefault();
        var recent = affected.Where(span => window.IsRecent(span.Start)).ToList();
        return new Finding(
            operation.Service,
            to ?? operation.Name,
            failing,
            to is not null,
            to is not null || operation.Spans[^1].Kind != Span.Types.SpanKind.Server,
            failing
                ? series is { Errors: >= Series.NotableErrors, ErrorShare: >= NotableShare }
                : Added(operation) >= GraveMilliseconds && series.P95 >= GraveFactor * series.UsualP95,
            (failing ? series.UsualErrorShare : series.UsualP95) is { } usual ? new Usual(operation.Name, usual) : null,
            failing ? FailureText(operation, to) : SlownessText(operation, to),
            Affected.Text(recent, operation.Spans),
            since is { } began ? Format.Moment(began, window.Range.To) : Moment.None,
            since,
            deploy is null ? "" : $"{deploy.Service} {deploy.Release}",
            deploy is null ? "" : DeployLinks.Of(deploy).Page,
            Addresses.Traces(
                ("resource", operation.Service),
                ("search", $"{kind}name={Filter.Quote(operation.Name)} {search}"),
                ("range", window.Range.Name)
            ),
            affected.Count > 0 && affected[^1].TraceId != UInt128.Zero ? "/traces/" + Ids.Trace(affected[^1].TraceId) : ""
        );
    }

    private static string FailureText(OperationRequests operation, string? to)
    {
        var series = operation.Series;
        var what = to is null ? $"{operation.Name} fails in {operation.Service}" : $"Calls of {operation.Service} to {to} fail";
        var total = to is null
            ? Format.Count(series.RecentCount, "request", "requests")
            : Format.Count(series.RecentCount, "call", "calls");
        var usual = series.UsualErrorShare is { } share ? Format.Percent(share) : "";
        return $"{what}: {Format.Percent(series.ErrorShare!.Value)} of {total}{Usual(usual)}";
    }

    private static string SlownessText(OperationRequests operation, string? to)
    {
        var series = operation.Series;
        var what = to is null ? $"{operation.Name} is slow in {operation.Service}" : $"Calls of {operation.Service} to {to} are slow";
        var usual = Format.Duration(series.UsualP95!.Value * 1e6);
        return $"{what}: p95 {Format.Duration(series.P95!.Value * 1e6)}{Usual(usual)}";
    }

    private static string Usual(string text) => text.Length > 0 ? $", usually {text}" : "";

    // Walks back from now over the steps that were about as bad as the current average.
    private DateTimeOffset? Since(List<StoredSpan> affected)
    {
        var counts = new int[Window.Buckets];

        foreach (var span in affected)
        {
            counts[window.BucketOf(span.Start)]++;
        }

        var perStep = affected.Count(span => window.IsRecent(span.Start)) / (window.Recent.TotalSeconds / window.BucketSeconds);
        var first = Window.Buckets;

        // One empty step may be chance, two in a row are the start.
        for (
            var step = Window.Buckets - 1;
            step >= 0 && (counts[step] >= perStep * MinStepShare || (step > 0 && counts[step - 1] >= perStep * MinStepShare));
            step--
        )
        {
            first = step;
        }

        var began = affected.Where(span => window.BucketOf(span.Start) >= first).Select(span => span.Start).DefaultIfEmpty().Min();

        // What already holds in the first step began at an unknown time before it.
        return began == 0 || first == 0 ? null : UnixTime.Of(began);
    }
}
