using System.Text.Json;
using Platform.Observatory.Otlp;
using Platform.Observatory.Text;

namespace Platform.Observatory.Monitors;

/// <summary>
/// Scheduled jobs by their check-ins. States: ok, failed (the last run failed), missed (no run by its due time plus margin), late (a run
/// exceeded its maximum runtime), unknown (no run has finished yet).
/// </summary>
internal sealed class MonitorStore
{
    // Bounded: the least recently heard monitor is evicted; each keeps the last MaxCheckIns.
    private const int MaxMonitors = 500;
    private const int MaxCheckIns = 20;
    private static readonly string LatestId = new('0', 32);
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Slug, string Environment), Monitor> _monitors = [];

    public void Add(JsonElement item, DateTimeOffset receivedAt)
    {
        if (JsonRead.Text(item, "monitor_slug") is not { } slug || JsonRead.Text(item, "status") is not ("ok" or "error" or "in_progress"))
        {
            return;
        }

        var key = (ItemLimits.Cut(slug, 128), ItemLimits.Cut(JsonRead.Text(item, "environment") ?? "production", 128));

        lock (_lock)
        {
            if (!_monitors.TryGetValue(key, out var monitor))
            {
                if (_monitors.Count >= MaxMonitors)
                {
                    _monitors.Remove(_monitors.MinBy(known => known.Value.LastHeard).Key);
                }

                _monitors.Add(key, monitor = new Monitor(key.Item1, key.Item2));
            }

            monitor.Add(item, receivedAt);
        }
    }

    public IReadOnlyList<MonitorState> All(DateTimeOffset now)
    {
        lock (_lock)
        {
            return [.. _monitors.Values.Select(monitor => monitor.State(now)).OrderBy(monitor => monitor.Slug, StringComparer.Ordinal)];
        }
    }

    private sealed class Monitor(string slug, string environment)
    {
        private readonly List<CheckIn> _checkIns = [];
        private MonitorSchedule? _schedule;

        public DateTimeOffset LastHeard { get; private set; }

        public void Add(JsonElement item, DateTimeOffset at)
        {
            LastHeard = at;
            _schedule = MonitorSchedule.Read(JsonRead.Child(item, "monitor_config")) ?? _schedule;
            var id = Guid.TryParse(JsonRead.Text(item, "check_in_id"), out var given) ? given.ToString("N") : Guid.NewGuid().ToString("N");
            var status = JsonRead.Text(item, "status")!;
            var seconds = JsonRead.Number(item, "duration");
            var trace = JsonRead.Text(JsonRead.Child(JsonRead.Child(item, "contexts"), "trace"), "trace_id");
            var index =
                id == LatestId
                    ? _checkIns.FindLastIndex(known => known.Status == "in_progress")
                    : _checkIns.FindIndex(known => known.Id == id);

            if (index >= 0)
            {
                // Requests may arrive out of order: ignore a start after the end.
                var run = _checkIns[index];
                if (status == "in_progress" && run.Ended is not null)
                {
                    return;
                }

                _checkIns[index] = run with
                {
                    Status = status,
                    Ended = status == "in_progress" ? null : at,
                    Seconds = seconds ?? (at - run.Started).TotalSeconds,
                };
                return;
            }

            if (_checkIns.Count >= MaxCheckIns)
            {
                _checkIns.RemoveAt(0);
            }

            var started = status == "in_progress" || seconds is not (> 0 and < 86_400) ? at : at.AddSeconds(-seconds.Value);
            _checkIns.Add(
                new CheckIn(id, status, started, status == "in_progress" ? null : at, seconds, JsonRead.Text(item, "release"), trace)
            );
        }

        public MonitorState State(DateTimeOffset now)
        {
            var last = _checkIns[^1];
            var due = _schedule?.NextAfter(last.Started);
            return new MonitorState(
                slug,
                environment,
                StateOf(last, due, now),
                _schedule,
                due,
                LastHeard,
                [.. Enumerable.Reverse(_checkIns)]
            );
        }

        private string StateOf(CheckIn last, DateTimeOffset? due, DateTimeOffset now)
        {
            if (last.Status == "in_progress" && _schedule is not null && now - last.Started > _schedule.MaxRuntime)
            {
                return "late";
            }

            if (due is not null && now > due + _schedule!.Margin)
            {
                return "missed";
            }

            return _checkIns.FindLast(known => known.Status != "in_progress")?.Status switch
            {
                "ok" => "ok",
                "error" => "failed",
                _ => "unknown",
            };
        }
    }
}

/// <summary>CheckIns: the latest first.</summary>
internal sealed record MonitorState(
    string Slug,
    string Environment,
    string State,
    MonitorSchedule? Schedule,
    DateTimeOffset? NextDue,
    DateTimeOffset LastHeard,
    IReadOnlyList<CheckIn> CheckIns
);

internal sealed record CheckIn(
    string Id,
    string Status,
    DateTimeOffset Started,
    DateTimeOffset? Ended,
    double? Seconds,
    string? Release,
    string? TraceId
);
