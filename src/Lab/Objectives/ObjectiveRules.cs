using System.Globalization;
using System.Text;

namespace Platform.Objectives;

/// <summary>
/// Prometheus' rules of objectives: the share of what is bad in windows of many lengths, the budget left of 28 days, and alerts for what
/// spends it too fast. Windows and factors are those of the Site Reliability Workbook (chapter 5, "multiwindow, multi-burn-rate alerts"): a
/// long window says that it matters, a short one that it still goes on.
/// </summary>
internal static class ObjectiveRules
{
    private const string Whole = "28d";

    private static readonly string[] Short = ["5m", "30m", "1h", "2h", "6h"];
    private static readonly string[] Long = ["1d", "3d", Whole];

    public static string Write(IReadOnlyList<Objective> objectives)
    {
        var text = new StringBuilder()
            .Append("# Written from observability/objectives/objectives.yml by src/Lab/Objectives: change that file and run it again.\n")
            .Append("groups:\n  - name: objectives\n    rules:\n");
        foreach (var objective in objectives)
        {
            WriteNow(text, objective);
        }

        // Many samples, and figures that change slowly.
        text.Append("  - name: objectives-long\n    interval: 1m\n    rules:\n");
        foreach (var objective in objectives)
        {
            foreach (var window in Long)
            {
                WriteLongRatio(text, objective, window);
            }

            Record(
                text,
                objective,
                "objective:since:timestamp_seconds",
                $"min_over_time(objective:since:timestamp_seconds{Of(objective)}[{Whole}]) or on () vector(time())"
            );
            // Of the day, or of the time that there are figures of.
            var rate = objective.Late is null ? "objective:bad:rate5m" : "objective:late:now";
            Record(
                text,
                objective,
                "objective:bad:increase1d",
                $"avg_over_time({rate}{Of(objective)}[1d])\n"
                    + $"* on (objective) clamp_max(time() - objective:since:timestamp_seconds{Of(objective)}, 86400)"
            );
            Record(
                text,
                objective,
                "objective:budget_left:ratio",
                $"1 - objective:bad:ratio_rate{Whole}{Of(objective)} / objective:budget:ratio{Of(objective)}"
            );
        }

        text.Append("  - name: objective-alerts\n    rules:\n");
        foreach (var objective in objectives)
        {
            WriteAlerts(text, objective);
        }

        return text.ToString();
    }

    private static void WriteNow(StringBuilder text, Objective objective)
    {
        text.Append(CultureInfo.InvariantCulture, $"      # {objective.Title}: {objective.Says}\n");
        Record(text, objective, "objective:target:ratio", $"vector({Number(objective.Target / 100)})");
        Record(text, objective, "objective:budget:ratio", $"vector({Number(1 - (objective.Target / 100))})");
        if (objective.Late is { } late)
        {
            Record(text, objective, "objective:late:now", late);
        }
        else
        {
            Record(text, objective, "objective:total:rate5m", In(objective.Total!, "5m"));
            Record(
                text,
                objective,
                "objective:bad:rate5m",
                $"({In(objective.Bad!, "5m")}) or on () 0 * objective:total:rate5m{Of(objective)}"
            );
        }

        foreach (var window in Short)
        {
            WriteRatio(text, objective, window);
        }

        Record(
            text,
            objective,
            "objective:bad:increase1h",
            objective.Bad is { } bad ? $"3600 * ({In(bad, "1h")})" : $"3600 * objective:bad:ratio_rate1h{Of(objective)}"
        );
        Record(
            text,
            objective,
            "objective:burn:rate1h",
            $"objective:bad:ratio_rate1h{Of(objective)} / objective:budget:ratio{Of(objective)}"
        );
    }

    // Where nothing was bad there is no series of it, and the share is 0; where there was nothing at all there is no share.
    private static void WriteRatio(StringBuilder text, Objective objective, string window) =>
        Record(
            text,
            objective,
            $"objective:bad:ratio_rate{window}",
            objective is { Total: { } total, Bad: { } bad }
                ? $"(({In(bad, window)}) or 0 * ({In(total, window)}))\n/ (({In(total, window)}) > 0)"
                : $"avg_over_time(objective:late:now{Of(objective)}[{window}])"
        );

    // From what is recorded already: a month of every bucket of every instance would be read again and again.
    private static void WriteLongRatio(StringBuilder text, Objective objective, string window) =>
        Record(
            text,
            objective,
            $"objective:bad:ratio_rate{window}",
            objective.Late is null
                ? $"sum_over_time(objective:bad:rate5m{Of(objective)}[{window}])\n"
                    + $"/ (sum_over_time(objective:total:rate5m{Of(objective)}[{window}]) > 0)"
                : $"avg_over_time(objective:late:now{Of(objective)}[{window}])"
        );

    private static void WriteAlerts(StringBuilder text, Objective objective)
    {
        WriteAlert(
            text,
            objective,
            "ObjectiveBurnsFast",
            "critical",
            Either(objective, "1h", ("1h", "5m", 14.4), ("6h", "30m", 6)),
            "is missed so often that its budget of 28 days is gone in two days or five"
        );
        WriteAlert(
            text,
            objective,
            "ObjectiveBurnsSlowly",
            "warning",
            Either(objective, "1d", ("1d", "2h", 3), ("3d", "6h", 1)),
            "is missed more often than its budget of 28 days allows"
        );
    }

    private static string Either(
        Objective objective,
        string counted,
        (string Long, string Short, double Factor) first,
        (string Long, string Short, double Factor) second
    )
    {
        return $"({Both(first)}\n  or {Both(second)})\nand objective:bad:increase{counted}{Of(objective)} > {Number(objective.MinBad)}";

        string Both((string Long, string Short, double Factor) pair)
        {
            var limit = Number(pair.Factor * (1 - (objective.Target / 100)));
            var of = Of(objective);
            return $"objective:bad:ratio_rate{pair.Long}{of} > {limit} and objective:bad:ratio_rate{pair.Short}{of} > {limit}";
        }
    }

    private static void WriteAlert(StringBuilder text, Objective objective, string name, string severity, string expression, string what)
    {
        text.Append(CultureInfo.InvariantCulture, $"      - alert: {name}\n");
        Expression(text, expression);
        text.Append("        for: 1m\n")
            .Append(CultureInfo.InvariantCulture, $"        labels: {{ severity: {severity}, impact: {objective.Impact}, ")
            .Append(CultureInfo.InvariantCulture, $"team: {objective.Team}, objective: {objective.Name} }}\n        annotations:\n")
            .Append(CultureInfo.InvariantCulture, $"          summary: '{Quoted(objective.Title)} {what}: ")
            .Append("{{ $value | humanizePercentage }} are bad'\n")
            .Append(CultureInfo.InvariantCulture, $"          impact: 'Not kept: {Quoted(objective.Says)}'\n")
            .Append(CultureInfo.InvariantCulture, $"          view: {objective.View}\n          runbook: docs/runbooks/{name}.md\n");
    }

    private static void Record(StringBuilder text, Objective objective, string name, string expression)
    {
        text.Append(CultureInfo.InvariantCulture, $"      - record: {name}\n");
        Expression(text, expression);
        text.Append(CultureInfo.InvariantCulture, $"        labels: {{ objective: {objective.Name} }}\n");
    }

    private static void Expression(StringBuilder text, string expression)
    {
        text.Append("        expr: |\n");
        foreach (var line in expression.Split('\n'))
        {
            text.Append(CultureInfo.InvariantCulture, $"          {line.TrimEnd()}\n");
        }
    }

    private static string In(string expression, string window) => expression.Replace("$window", window, StringComparison.Ordinal);

    private static string Of(Objective objective) => $"{{objective=\"{objective.Name}\"}}";

    private static string Number(double ratio) => Math.Round(ratio, 8).ToString(CultureInfo.InvariantCulture);

    private static string Quoted(string text) => text.Replace("'", "''", StringComparison.Ordinal);
}
