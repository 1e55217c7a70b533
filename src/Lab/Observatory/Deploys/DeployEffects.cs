using Platform.Observatory.Issues;
using Platform.Observatory.Otlp;
using Platform.Observatory.Releases;
using Platform.Observatory.Requests;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Deploys;

/// <summary>
/// Measures deploys by the service's stored server and consumer spans. The two windows are equal, at most 15 minutes, and limited by now,
/// by the neighbouring deploys of the service, and by the oldest stored span.
/// </summary>
internal sealed class DeployEffects
{
    private static readonly TimeSpan MaxWindow = TimeSpan.FromMinutes(15);
    private readonly Dictionary<string, StoredSpan[]> _requests;
    private readonly List<IssueSummary> _issues;
    private readonly IReadOnlyList<Deploy> _deploys;
    private readonly DateTimeOffset _now;
    private readonly DateTimeOffset _oldestSpan;

    public DeployEffects(TelemetryStore telemetry, IssueStore issues, DeployStore deploys, DateTimeOffset now)
    {
        var spans = telemetry.Spans.Snapshot();
        _requests = spans
            .Where(span => span.Kind is Span.Types.SpanKind.Server or Span.Types.SpanKind.Consumer)
            .GroupBy(span => span.Origin.Service, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.OrderBy(span => span.Start).ToArray(), StringComparer.Ordinal);
        _issues = issues.Find(IssueQuery.All, now);
        _deploys = deploys.All();
        _now = now;
        _oldestSpan = telemetry.Spans.Counters.Evicted > 0 && spans.Length > 0 ? UnixTime.Of(spans[0].Start) : DateTimeOffset.MinValue;
    }

    public DeployEffect Of(Deploy deploy)
    {
        var window = WindowOf(deploy);
        var (before, errorsBefore) = Requests(deploy.Service, deploy.Time - window, deploy.Time);
        var (after, errorsAfter) = Requests(deploy.Service, deploy.Time, deploy.Time + window);
        var (verdict, reason) = Verdict.Of(window, before, errorsBefore, after, errorsAfter);
        return new DeployEffect(
            verdict,
            reason,
            window.TotalSeconds,
            Sample(before, errorsBefore, NewIssues(deploy.Service, deploy.Time - window, deploy.Time).Count()),
            Sample(after, errorsAfter, NewIssues(deploy.Service, deploy.Time, deploy.Time + window).Count())
        );
    }

    /// <summary>Issues first seen in the window after the deploy.</summary>
    public IEnumerable<IssueSummary> NewIssuesOf(Deploy deploy) => NewIssues(deploy.Service, deploy.Time, deploy.Time + WindowOf(deploy));

    private TimeSpan WindowOf(Deploy deploy)
    {
        var others = _deploys.Where(other => other.Service == deploy.Service && other.Id != deploy.Id).ToList();
        var ends = others
            .Where(other => other.Time >= deploy.Time)
            .Select(other => other.Time - deploy.Time)
            .Concat(others.Where(other => other.Time < deploy.Time).Select(other => deploy.Time - other.Time))
            .Append(_now - deploy.Time)
            .Append(deploy.Time - _oldestSpan)
            .Append(MaxWindow);
        var window = ends.Min();
        return window > TimeSpan.Zero ? window : TimeSpan.Zero;
    }

    private (double[] Milliseconds, int Errors) Requests(string service, DateTimeOffset from, DateTimeOffset to)
    {
        if (!_requests.TryGetValue(service, out var spans))
        {
            return ([], 0);
        }

        var (first, last) = (LowerBound(spans, UnixTime.NanosOf(from)), LowerBound(spans, UnixTime.NanosOf(to)));
        var within = spans.AsSpan(first, last - first);
        var milliseconds = new double[within.Length];
        var errors = 0;

        for (var index = 0; index < within.Length; index++)
        {
            milliseconds[index] = (within[index].End - within[index].Start) / 1e6;
            errors += within[index].Failed ? 1 : 0;
        }

        Array.Sort(milliseconds);
        return (milliseconds, errors);
    }

    private IEnumerable<IssueSummary> NewIssues(string service, DateTimeOffset from, DateTimeOffset to) =>
        _issues.Where(issue => issue.FirstSeen >= from && issue.FirstSeen < to && issue.Services.Contains(service, StringComparer.Ordinal));

    private static ServiceSample Sample(double[] milliseconds, int errors, int newIssues) =>
        milliseconds.Length == 0
            ? new ServiceSample(0, 0, null, null, newIssues)
            : new ServiceSample(milliseconds.Length, errors, errors / (double)milliseconds.Length, Verdict.P95(milliseconds), newIssues);

    private static int LowerBound(StoredSpan[] spans, ulong nanos)
    {
        var (low, high) = (0, spans.Length);

        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = spans[middle].Start < nanos ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}

/// <summary>A service in equal windows before and after a deploy, and the verdict.</summary>
internal sealed record DeployEffect(string Verdict, string Reason, double WindowSeconds, ServiceSample Before, ServiceSample After);

/// <summary>Share and p95 are null when there was no request.</summary>
internal sealed record ServiceSample(int Requests, int Errors, double? ErrorShare, double? P95Milliseconds, int NewIssues);
