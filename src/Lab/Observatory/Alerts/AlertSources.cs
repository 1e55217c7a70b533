using System.Text.Json;
using Microsoft.Extensions.Options;
using Platform.Observatory.Metrics;
using Platform.Observatory.Polling;
using Platform.Observatory.Settings;
using Platform.Observatory.Text;

namespace Platform.Observatory.Alerts;

/// <summary>A silence of Alertmanager.</summary>
/// <param name="Matchers">What it holds for: job=orders.</param>
/// <param name="By">Who made it.</param>
/// <param name="Why">The comment.</param>
/// <param name="EndsAt">When it ends by itself.</param>
internal sealed record Silence(string Matchers, string By, string Why, DateTimeOffset EndsAt);

/// <summary>What Prometheus and Alertmanager say now.</summary>
/// <param name="Firing">Of Prometheus; the one that always fires is left out.</param>
/// <param name="Pending">Their condition holds, and not yet for long enough.</param>
/// <param name="Silenced">Nobody is told of them, because somebody asked for it.</param>
/// <param name="Inhibited">Nobody is told of them, because they follow from another.</param>
/// <param name="Silences">Active ones.</param>
/// <param name="PrometheusAway">Since when Prometheus does not answer; null when it does, or is not configured.</param>
/// <param name="AlertmanagerAway">The same of Alertmanager.</param>
internal sealed record AlertState(
    IReadOnlyList<Alert> Firing,
    IReadOnlyList<Alert> Pending,
    IReadOnlyList<Alert> Silenced,
    IReadOnlyList<Alert> Inhibited,
    IReadOnlyList<Silence> Silences,
    DateTimeOffset? PrometheusAway,
    DateTimeOffset? AlertmanagerAway
)
{
    public static readonly AlertState Empty = new([], [], [], [], [], null, null);
}

/// <summary>Asks both every few seconds, so that a page never waits for them.</summary>
internal sealed partial class AlertSources(
    IOptions<ObservatoryOptions> options,
    JsonSource client,
    TimeProvider time,
    ILogger<AlertSources> logger
) : Poller(Interval, time, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>What a page shows of each list.</summary>
    public const int MaxShown = 200;

    private volatile AlertState _state = AlertState.Empty;

    public AlertState State => _state;

    public bool IsConfigured => options.Value.PrometheusUrl is not null;

    public bool TellsUs => options.Value.AlertmanagerUrl is not null;

    protected override Task<bool> BeginAsync(CancellationToken cancellationToken) => Task.FromResult(IsConfigured);

    protected override async Task TickAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var before = _state;
        var rules = await ReadAsync(options.Value.PrometheusUrl, "api/v1/alerts", cancellationToken);
        var alerts = await ReadListAsync("api/v2/alerts?active=false&silenced=true&inhibited=true", cancellationToken);
        var silences = await ReadListAsync("api/v2/silences", cancellationToken);
        var (firing, pending) = rules is { } answer ? Split(answer) : (before.Firing, before.Pending);
        var (silenced, inhibited) = alerts is { } quiet ? SplitQuiet(quiet) : (before.Silenced, before.Inhibited);
        var state = new AlertState(
            firing,
            pending,
            silenced,
            inhibited,
            silences is { } made ? [.. made.EnumerateArray().Select(ReadSilence).OfType<Silence>().Take(MaxShown)] : before.Silences,
            rules is null ? before.PrometheusAway ?? now : null,
            options.Value.AlertmanagerUrl is not null && (alerts is null || silences is null) ? before.AlertmanagerAway ?? now : null
        );
        Report("Prometheus", before.PrometheusAway, state.PrometheusAway);
        Report("Alertmanager", before.AlertmanagerAway, state.AlertmanagerAway);
        _state = state;
    }

    private async Task<JsonElement?> ReadAsync(Uri? address, string path, CancellationToken cancellationToken) =>
        address is null ? null : await client.ReadAsync(new Uri(address, path), cancellationToken);

    private async Task<JsonElement?> ReadListAsync(string path, CancellationToken cancellationToken) =>
        await ReadAsync(options.Value.AlertmanagerUrl, path, cancellationToken) is { ValueKind: JsonValueKind.Array } list ? list : null;

    private void Report(string name, DateTimeOffset? before, DateTimeOffset? now)
    {
        if (before is null && now is not null)
        {
            LogAway(name);
        }
        else if (before is not null && now is null)
        {
            LogBack(name);
        }
    }

    private static (IReadOnlyList<Alert> Firing, IReadOnlyList<Alert> Pending) Split(JsonElement answer)
    {
        var alerts = JsonRead
            .Items(JsonRead.Child(answer, "data"), "alerts")
            .Select(item => (Alert: Alert.Read(item), State: JsonRead.Text(item, "state")))
            .Where(item => item.Alert is not null && item.Alert.Name != Alert.Watchdog)
            .ToList();
        return (Of("firing"), Of("pending"));

        IReadOnlyList<Alert> Of(string state) =>
            [
                .. alerts
                    .Where(item => item.State == state)
                    .Select(item => item.Alert!)
                    .OrderBy(alert => alert.Severity, Comparer<string>.Create((left, right) => Rank(left).CompareTo(Rank(right))))
                    .ThenBy(alert => alert.StartedAt)
                    .Take(MaxShown),
            ];
    }

    private static (IReadOnlyList<Alert> Silenced, IReadOnlyList<Alert> Inhibited) SplitQuiet(JsonElement list)
    {
        return (Of("silencedBy"), Of("inhibitedBy"));

        IReadOnlyList<Alert> Of(string reason) =>
            [
                .. list.EnumerateArray()
                    .Where(item => JsonRead.Items(JsonRead.Child(item, "status"), reason).Any())
                    .Select(Alert.Read)
                    .OfType<Alert>()
                    .Take(MaxShown),
            ];
    }

    private static int Rank(string severity) =>
        severity switch
        {
            "critical" => 0,
            "warning" => 1,
            _ => 2,
        };

    private static Silence? ReadSilence(JsonElement item) =>
        JsonRead.Text(JsonRead.Child(item, "status"), "state") == "active" && JsonRead.Time(item, "endsAt") is { } endsAt
            ? new Silence(
                string.Join(", ", JsonRead.Items(item, "matchers").Select(Matcher)),
                JsonRead.Text(item, "createdBy") ?? "",
                JsonRead.Text(item, "comment") ?? "",
                endsAt
            )
            : null;

    private static string Matcher(JsonElement item) =>
        $"{JsonRead.Text(item, "name")}{Operator(JsonRead.Flag(item, "isEqual") ?? true, JsonRead.Flag(item, "isRegex") == true)}"
        + JsonRead.Text(item, "value");

    private static string Operator(bool isEqual, bool isRegex) =>
        (
            isEqual
                ? isRegex
                    ? "=~"
                    : "="
                : isRegex
                    ? "!~"
                    : "!="
        );

    [LoggerMessage(EventId = 5061, Level = LogLevel.Warning, Message = "{Source} does not answer: alerts on the pages are old")]
    private partial void LogAway(string source);

    [LoggerMessage(EventId = 5062, Level = LogLevel.Information, Message = "{Source} answers again")]
    private partial void LogBack(string source);
}
