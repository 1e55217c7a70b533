using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Releases;
using Platform.Observatory.Requests;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Overview;

/// <summary>
/// The operation that is worst off against what is usual for it: what fails before what is slow, then what moved furthest. Without
/// anything usual to compare with, an operation of which a twentieth fails.
/// </summary>
internal sealed class Trouble(WindowRequests requests, Window window, IReadOnlyList<Deploy> deploys)
{
    private const double NotableShare = 0.05;
    private const int NotableErrors = 5;

    // Of what a step has on average now; a step with less is from before it began.
    private const double Few = 0.2;

    // Spans that are unpacked to learn who is affected, and as many to learn who is not: the newest of each.
    private const int MaxUnpacked = 500;
    private const int MaxPeers = 100;
    private static readonly TimeSpan DeployBefore = TimeSpan.FromMinutes(10);

    public Finding? Find() =>
        Failing(requests.Operations) is { } request ? View(request, null)
        : Failing(requests.Calls) is { } call ? View(call, PeerOf(call))
        : Slowest(requests.Operations) is { } slow ? View(slow, null)
        : Slowest(requests.Calls.Where(IsToOutside)) is { } slowCall ? View(slowCall, PeerOf(slowCall))
        : null;

    private static OperationRequests? Failing(IEnumerable<OperationRequests> operations) =>
        operations.Where(operation => IsFailing(operation.Series)).MaxBy(operation => operation.Series.ErrorShare);

    private static OperationRequests? Slowest(IEnumerable<OperationRequests> operations) =>
        operations
            .Where(operation => operation.Series.IsSlower)
            .MaxBy(operation => operation.Series.P95 / Math.Max(1, operation.Series.UsualP95!.Value));

    // A slow database or neighbour makes requests slow, and those are told of. Somebody outside may be asked by nobody's request.
    private bool IsToOutside(OperationRequests call) => call.Series.IsSlower && ServiceName.ClassOf(PeerOf(call)) == "outside";

    // Calls of one name may go to several: the one that most of those go to that are affected now.
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
        series.HasMoreErrors || (series.UsualErrorShare is null && series.Errors >= NotableErrors && series.ErrorShare >= NotableShare);

    // To somebody: what the operation asks of whom; null for a request.
    private Finding View(OperationRequests operation, string? to)
    {
        var series = operation.Series;
        var failing = IsFailing(series);
        var limit = series.UsualP95 * 1e6;
        var affected = operation.Spans.Where(span => failing ? span.Failed : span.End - span.Start > limit).ToList();
        var (since, search) = (Since(affected), failing ? "status=error" : $"duration>{Math.Ceiling(series.UsualP95!.Value):0}ms");
        var deploy = deploys
            .Where(known => known.Time <= since && known.Time >= since - DeployBefore)
            .OrderBy(known => known.Service != operation.Service)
            .ThenByDescending(known => known.Time)
            .FirstOrDefault();
        return new Finding(
            failing ? FailureText(operation, to) : SlownessText(operation, to),
            Who(affected, operation),
            since is { } began ? Format.Moment(began, window.Range.To) : Moment.None,
            deploy is null ? "" : $"{deploy.Service} {deploy.Release}",
            deploy is null ? "" : DeployLinks.Of(deploy).Page,
            Addresses.Traces(
                ("resource", operation.Service),
                ("search", $"{(to is null ? "" : "kind=client ")}name={Filter.Quote(operation.Name)} {search}"),
                ("range", window.Range.Name)
            ),
            affected.Count > 0 && affected[^1].TraceId != UInt128.Zero ? "/traces/" + Ids.Trace(affected[^1].TraceId) : ""
        );
    }

    private static string FailureText(OperationRequests operation, string? to)
    {
        var series = operation.Series;
        var what = to is null ? $"{operation.Name} fails in {operation.Service}" : $"Calls of {operation.Service} to {to} fail";
        var total = to is null ? Format.Count(series.After, "request", "requests") : Format.Count(series.After, "call", "calls");
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

    // "12 users in 3 of 8 tenants"; left out where the spans name nobody.
    private string Who(List<StoredSpan> affected, OperationRequests operation)
    {
        var recent = affected.Where(span => window.IsRecent(span.Start)).ToHashSet();
        var (users, tenants) = Names(recent.TakeLast(MaxUnpacked));

        if (tenants.Count == 0 && users.Count == 0)
        {
            return "";
        }

        var (_, others) = Names(operation.Spans.Where(span => !recent.Contains(span)).TakeLast(MaxUnpacked));
        others.UnionWith(tenants);
        var more = recent.Count > MaxUnpacked ? "at least " : "";
        var who = users.Count > 0 ? $"{more}{Format.Count(users.Count, "user", "users")}" : "";
        var where =
            tenants.Count == 0 ? ""
            : others.Count > tenants.Count ? $"{Format.Count(tenants.Count)} of {Format.Count(others.Count, "tenant", "tenants")}"
            : Format.Count(tenants.Count, "tenant", "tenants");
        return who.Length > 0 && where.Length > 0 ? $"{who} in {where}" : who + where;
    }

    private static (HashSet<string> Users, HashSet<string> Tenants) Names(IEnumerable<StoredSpan> spans)
    {
        HashSet<string> users = new(StringComparer.Ordinal),
            tenants = new(StringComparer.Ordinal);

        foreach (var span in spans.Where(span => span.IdBits != 0))
        {
            var attributes = span.Parse().Attributes;
            Add(users, ValueText.Find(attributes, "user.id"));
            Add(tenants, ValueText.Find(attributes, "tenant.id"));
        }

        return (users, tenants);
    }

    // Back from now over the steps of the window in which it already was as bad as it is on average now.
    private DateTimeOffset? Since(List<StoredSpan> affected)
    {
        var counts = new int[Window.Buckets];

        foreach (var span in affected)
        {
            counts[window.BucketOf(span.Start)]++;
        }

        var perStep = affected.Count(span => window.IsRecent(span.Start)) / (window.Recent.TotalSeconds / window.BucketSeconds);
        var first = Window.Buckets;

        // One step without any may be chance, two in a row are an end.
        for (
            var step = Window.Buckets - 1;
            step >= 0 && (counts[step] >= perStep * Few || (step > 0 && counts[step - 1] >= perStep * Few));
            step--
        )
        {
            first = step;
        }

        var began = affected.Where(span => window.BucketOf(span.Start) >= first).Select(span => span.Start).DefaultIfEmpty().Min();

        // What was so from the first step on began at some time before it.
        return began == 0 || first == 0 ? null : UnixTime.Of(began);
    }

    private static void Add(HashSet<string> names, string? name)
    {
        if (!string.IsNullOrEmpty(name))
        {
            names.Add(name);
        }
    }
}
