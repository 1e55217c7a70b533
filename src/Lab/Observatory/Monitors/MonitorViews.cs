using Platform.Observatory.Text;

namespace Platform.Observatory.Monitors;

/// <summary>View model of the monitor list; formatted values only. TraceId is empty when no span of the last run is in the store.</summary>
public sealed record MonitorRow(
    string Slug,
    string Environment,
    string State,
    string StateClass,
    string Meaning,
    string Schedule,
    Moment LastRun,
    string Duration,
    Moment NextDue,
    string Release,
    string TraceId,
    IReadOnlyList<RunMark> Runs,
    string RunsText
);

/// <summary>Class: ok, error or in_progress. X is its position in the drawing.</summary>
public sealed record RunMark(string Class, int X, string Title);
