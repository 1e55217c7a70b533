using Platform.Observatory.Query;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Monitors;

internal static class MonitorRows
{
    /// <summary>Width of a mark in the drawing.</summary>
    public const int MarkWidth = 8;

    /// <summary>What needs attention comes first.</summary>
    public static IReadOnlyList<MonitorRow> Build(MonitorStore monitors, TelemetryStore telemetry, DateTimeOffset now) =>
        [.. monitors.All(now).OrderBy(monitor => monitor.State is "ok" or "unknown").Select(monitor => Row(monitor, telemetry, now))];

    private static MonitorRow Row(MonitorState monitor, TelemetryStore telemetry, DateTimeOffset now)
    {
        var last = monitor.CheckIns[0];
        var runs = monitor
            .CheckIns.Reverse()
            .Select(
                (run, index) =>
                    new RunMark(run.Status, index * MarkWidth, $"{Word(run.Status)}, {Clock(run.Started, now)}{Suffix(Length(run))}")
            )
            .ToList();
        var succeeded = runs.Count(run => run.Class == "ok");
        var failed = runs.Count(run => run.Class == "error");
        return new MonitorRow(
            monitor.Slug,
            monitor.Environment,
            monitor.State,
            monitor.State switch
            {
                "ok" => "ok",
                "unknown" => "",
                _ => "bad",
            },
            Meaning(monitor.State),
            Schedule(monitor.Schedule),
            Format.Moment(last.Started, now),
            last.Ended is null ? "running" : Length(last),
            monitor.NextDue is { } due ? Format.Moment(due, now) : Moment.None,
            last.Release ?? "",
            TelemetryQuery.TryParseTraceId(last.TraceId ?? "", out var trace) && telemetry.Spans.Trace(trace).Count > 0
                ? Ids.Trace(trace)
                : "",
            runs,
            $"The last {Format.Count(runs.Count, "run", "runs")}: {succeeded} ok, {failed} failed"
        );
    }

    private static string Meaning(string state) =>
        state switch
        {
            "ok" => "The last finished run succeeded.",
            "failed" => "The last finished run failed.",
            "missed" => "No run started by its due time plus the margin.",
            "late" => "A run has exceeded its maximum runtime.",
            _ => "No run has finished yet.",
        };

    private static string Schedule(MonitorSchedule? schedule) =>
        schedule switch
        {
            null => "",
            { Type: "interval" } => schedule.Value == "1" ? $"every {schedule.Unit}" : $"every {schedule.Value} {schedule.Unit}s",
            { TimeZone: "UTC" } => schedule.Value,
            _ => $"{schedule.Value} {schedule.TimeZone}",
        };

    private static string Word(string status) =>
        status switch
        {
            "ok" => "ok",
            "error" => "failed",
            _ => "running",
        };

    private static string Length(CheckIn run) => run.Seconds is { } seconds ? Format.Duration(seconds * 1e9) : "";

    private static string Suffix(string text) => text.Length > 0 ? ", " + text : "";

    private static string Clock(DateTimeOffset at, DateTimeOffset now) => Format.Time(UnixTime.NanosOf(at), now);
}
