using Microsoft.Extensions.Options;
using Platform.Observatory.Alerts;
using Platform.Observatory.Findings;
using Platform.Observatory.Metrics;
using Platform.Observatory.Polling;
using Platform.Observatory.Releases;
using Platform.Observatory.Requests;
using Platform.Observatory.Settings;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Watch;

/// <summary>
/// Looks every few seconds at what the pages would show: makes alerts of it, tells Alertmanager of issues, and ends alerts that Prometheus
/// has forgotten.
/// </summary>
internal sealed class Watcher(
    AlertLog log,
    AlertSources sources,
    FindingAlerts findings,
    IssueAlerts issues,
    ForgottenAlerts forgotten,
    TelemetryStore telemetry,
    DeployStore deploys,
    JsonSource alertmanager,
    IOptions<ObservatoryOptions> options,
    TimeProvider time,
    ILogger<Watcher> logger
) : Poller(Interval, time, logger)
{
    private const string Range = "30m";

    // What Alertmanager has not taken yet; the oldest goes.
    private const int MaxUntold = 100;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Queue<Alert> _untold = new();

    protected override async Task TickAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var spans = telemetry.Spans.Snapshot();
        var window = Window.Of(TimeRange.Named(Range, now)!, spans);
        var builder = new FindingBuilder(new WindowRequests(spans, window), window, deploys.All());
        var told = issues.Next(now).ToList();
        Alert[] changed =
        [
            .. findings.Next(builder.Build(), (alert, usual) => FindingAlerts.Holds(builder, alert, usual), now),
            .. told,
            .. forgotten.Next(sources, now),
        ];
        if (changed.Length > 0)
        {
            log.Write(changed);
        }

        await TellAsync(issues.ToTell(told, now), now, cancellationToken);
    }

    private async Task TellAsync(IEnumerable<Alert> alerts, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (options.Value.AlertmanagerUrl is not { } address)
        {
            return;
        }

        foreach (var alert in alerts)
        {
            if (_untold.Count >= MaxUntold)
            {
                _untold.Dequeue();
            }

            _untold.Enqueue(alert);
        }

        if (
            _untold.Count > 0
            && await alertmanager.TryPostAsync(
                new Uri(address, "api/v2/alerts"),
                _untold.Select(alert => AlertPost.Of(alert, now)).ToList(),
                cancellationToken
            )
        )
        {
            _untold.Clear();
        }
    }
}
