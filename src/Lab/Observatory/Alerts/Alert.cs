using System.Text.Json;
using Platform.Observatory.Text;
using Platform.Redaction;

namespace Platform.Observatory.Alerts;

/// <summary>One alert of Prometheus, from when it began until it ended.</summary>
/// <param name="Fingerprint">Of its labels, by Alertmanager; empty from Prometheus.</param>
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
/// <param name="Value">Of its expression; null when the source does not tell.</param>
/// <param name="StartedAt">When it began to fire, or to be pending.</param>
/// <param name="EndedAt">Null while it fires.</param>
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
    double? Value,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt
)
{
    public const string Watchdog = "Watchdog";

    private const int MaxTextLength = 512;

    public bool IsCritical => Severity == "critical";

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
        )
        {
            return null;
        }

        // An alert that fires has an end in the future, or the year 1.
        var hasEnded = JsonRead.Text(item, "status") == "resolved";
        var view = Text(annotations, "view");
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
            JsonRead.Number(item, "value"),
            startedAt,
            hasEnded ? JsonRead.Time(item, "endsAt") : null
        );
    }

    /// <summary>Whoever writes alerts may not lead people to another site.</summary>
    private static bool IsPath(string view) =>
        view.StartsWith('/') && !view.StartsWith("//", StringComparison.Ordinal) && !view.Contains('\\', StringComparison.Ordinal);

    private static string Text(JsonElement? parent, string name) => JsonRead.Text(parent, name) is { } text ? Cut(text) : "";

    private static string Pair(KeyValuePair<string, string> label) => $"{label.Key}={label.Value}";

    private static string Cut(string text) => Redactor.Redact(text.Length <= MaxTextLength ? text : text[..MaxTextLength]);
}
