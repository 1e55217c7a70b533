using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Platform.Observatory.Text;
using Platform.Redaction;

namespace Platform.Observatory.Alerts;

/// <summary>One alert of Prometheus, or of Observatory itself, from when it began until it ended.</summary>
/// <param name="Fingerprint">Of its labels, by Alertmanager or by us; empty from Prometheus.</param>
/// <param name="Labels">All of them, in order: alertname=ServiceDown, instance=….</param>
/// <param name="Name">Label alertname.</param>
/// <param name="Service">Label job; empty when it is of none.</param>
/// <param name="Severity">critical, warning or info.</param>
/// <param name="Impact">blocked, delayed or none: what users have of it.</param>
/// <param name="Team">Whose it is.</param>
/// <param name="Summary">One sentence with the value.</param>
/// <param name="UsersFeel">One sentence.</param>
/// <param name="View">Path in Observatory where to look.</param>
/// <param name="Runbook">Path in the repository.</param>
/// <param name="Expression">What Prometheus evaluates; empty when the source does not tell.</param>
/// <param name="Exemplars">Histogram whose exemplars are requests that it is about; empty when there is none.</param>
/// <param name="Value">Of its expression; null when the source does not tell.</param>
/// <param name="StartedAt">When it began to fire, or to be pending.</param>
/// <param name="EndedAt">Null while it fires.</param>
/// <param name="IsOwn">Found by Observatory itself, and not by a rule of Prometheus.</param>
/// <param name="Subject">What an alert of ours is about: an operation, who is called, or an issue.</param>
internal sealed record Alert(
    string Fingerprint,
    string Labels,
    string Name,
    string Service,
    string Severity,
    string Impact,
    string Team,
    string Summary,
    string UsersFeel,
    string View,
    string Runbook,
    string Expression,
    string Exemplars,
    double? Value,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    bool IsOwn = false,
    string Subject = ""
)
{
    public const string Watchdog = "Watchdog";
    public const string Critical = "critical";
    public const string Warning = "warning";

    private const int MaxTextLength = 512;
    private const int MaxExpressionLength = 2_000;

    /// <summary>The label that says who found it.</summary>
    public const string SourceLabel = "source";
    public const string OwnSource = "observatory";

    // Others are no times of anything, and times around them cannot be computed.
    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(9000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Of this alert from this start; empty of one that nobody was told of yet.</summary>
    public string Id => Fingerprint.Length == 0 ? "" : Hash($"{Fingerprint} {StartedAt.UtcTicks}");

    /// <summary>Where the API has more of it; null while nobody was told of it.</summary>
    public string? Address => Id.Length == 0 ? null : $"/api/alerts/{Id}";

    /// <summary>What is affected is requests that fail, also where its view does not select any.</summary>
    public bool IsOfRequests => Impact == "blocked";

    public bool IsCritical => Severity == Critical;

    /// <summary>The name of its runbook; null without one.</summary>
    public string? RunbookName => Path.GetFileNameWithoutExtension(Runbook) is { Length: > 0 } name ? name : null;

    /// <summary>One that Observatory found; what it is about is in the label <paramref name="subject"/>.</summary>
    public static Alert Own(
        string name,
        string service,
        string severity,
        string impact,
        (string Label, string Value) subject,
        string summary,
        string usersFeel,
        string view,
        DateTimeOffset startedAt
    )
    {
        var labels = $"alertname={name}, {subject.Label}={Cut(subject.Value)}, job={Cut(service)}, {SourceLabel}={OwnSource}";
        return new Alert(
            Hash(labels),
            labels,
            name,
            Cut(service),
            severity,
            impact,
            "shop",
            Cut(summary),
            usersFeel,
            view,
            $"docs/runbooks/{name}.md",
            "",
            "",
            null,
            startedAt,
            null,
            IsOwn: true,
            subject.Value
        );
    }

    /// <summary>
    /// From JSON of Alertmanager (webhook and API) or of Prometheus (API): they name labels and annotations alike, and times differently.
    /// Null without a name or a start.
    /// </summary>
    public static Alert? Read(JsonElement item)
    {
        var (labels, annotations) = (JsonRead.Child(item, "labels"), JsonRead.Child(item, "annotations"));
        if (
            Text(labels, "alertname") is not { Length: > 0 } name
            || (JsonRead.Time(item, "startsAt") ?? JsonRead.Time(item, "activeAt")) is not { } startedAt
            || startedAt < Earliest
            || startedAt > Latest
        )
        {
            return null;
        }

        // An alert that fires has an end in the future, or the year 1.
        var hasEnded = JsonRead.Text(item, "status") == "resolved";
        var view = Text(annotations, "view");
        var generator = QueryHelpers.ParseQuery(
            JsonRead.Text(item, "generatorURL") is { } url && url.Contains('?') ? url[url.IndexOf('?')..] : ""
        );
        return new Alert(
            Text(item, "fingerprint"),
            Cut(string.Join(", ", JsonRead.Map(item, "labels").OrderBy(label => label.Key, StringComparer.Ordinal).Select(Pair))),
            name,
            Text(labels, "job"),
            Text(labels, "severity") is "critical" or "warning" ? Text(labels, "severity") : "info",
            Text(labels, "impact") is "blocked" or "delayed" ? Text(labels, "impact") : "none",
            Text(labels, "team"),
            Text(annotations, "summary"),
            Text(annotations, "impact"),
            IsPath(view) ? view : "",
            Text(annotations, "runbook"),
            Cut(generator.TryGetValue("g0.expr", out var expression) ? expression.ToString() : "", MaxExpressionLength),
            Text(annotations, "exemplars"),
            JsonRead.Number(item, "value"),
            startedAt,
            hasEnded && JsonRead.Time(item, "endsAt") is { } endedAt && endedAt <= Latest ? endedAt : null,
            Text(labels, SourceLabel) == OwnSource
        );
    }

    /// <summary>Whoever writes alerts may not lead people to another site.</summary>
    private static bool IsPath(string view) =>
        view.StartsWith('/')
        && !view.StartsWith("//", StringComparison.Ordinal)
        && !view.Any(character => character == '\\' || char.IsControl(character));

    private static string Text(JsonElement? parent, string name) => JsonRead.Text(parent, name) is { } text ? Cut(text) : "";

    private static string Pair(KeyValuePair<string, string> label) => $"{label.Key}={label.Value}";

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));

    private static string Cut(string text, int length = MaxTextLength) => Redactor.Redact(text.Length <= length ? text : text[..length]);
}
