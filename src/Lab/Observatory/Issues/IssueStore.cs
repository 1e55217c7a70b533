using Microsoft.Extensions.Options;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Issues;

/// <summary>
/// Issues and their latest events, bounded by the number of issues, of events in each, and of bytes of all events. The least recently seen
/// ones are evicted and counted.
/// </summary>
internal sealed class IssueStore(IOptions<ObservatoryOptions> options)
{
    private readonly Lock _lock = new();

    // Bounded by MaxIssues.
    private readonly Dictionary<string, Issue> _issues = new(StringComparer.Ordinal);

    // All kept events in order of arrival; bounded by MaxEventStoreBytes.
    private readonly LinkedList<(Issue Issue, LinkedListNode<ErrorEvent> Event)> _arrival = new();
    private readonly Dictionary<LinkedListNode<ErrorEvent>, LinkedListNode<(Issue Issue, LinkedListNode<ErrorEvent> Event)>> _places = [];
    private readonly ReleaseOrder _releases = new();
    private long _bytes;
    private long _received;
    private long _duplicate;
    private long _evictedEvents;
    private long _evictedIssues;

    public IssueStats Stats
    {
        get
        {
            lock (_lock)
            {
                return new IssueStats(
                    _received,
                    _duplicate,
                    _issues.Count,
                    _arrival.Count,
                    _bytes,
                    _evictedIssues,
                    _evictedEvents,
                    options.Value.MaxIssues,
                    options.Value.MaxEventStoreBytes
                );
            }
        }
    }

    public void Add(ErrorEvent item)
    {
        lock (_lock)
        {
            if (_issues.TryGetValue(item.IssueId, out var issue) && issue.Events.Any(known => known.EventId == item.EventId))
            {
                _duplicate++;
                return;
            }

            _received++;
            _releases.Observe(item.Release, item.Time);
            issue ??= AddIssue(item.IssueId);
            issue.Add(item, _releases);
            Keep(issue, item);
        }
    }

    /// <summary>A release seen in telemetry; one known before an issue was resolved does not make it regress.</summary>
    public void ObserveRelease(string release, DateTimeOffset at)
    {
        lock (_lock)
        {
            _releases.Observe(release, at);
        }
    }

    /// <summary>False when there is no such issue.</summary>
    public bool SetStatus(string id, IssueStatus status, DateTimeOffset at)
    {
        lock (_lock)
        {
            if (!_issues.TryGetValue(id, out var issue))
            {
                return false;
            }

            issue.SetStatus(status, at, _releases);
            return true;
        }
    }

    /// <summary>What outlives events and restarts.</summary>
    public (IReadOnlyList<IssueState> Issues, IReadOnlyDictionary<string, DateTimeOffset> Releases) States()
    {
        lock (_lock)
        {
            return ([.. _issues.Values.Select(issue => issue.State())], _releases.FirstSeen);
        }
    }

    /// <summary>Fills an empty store; later events are added to it.</summary>
    public void Restore(IReadOnlyList<IssueState> issues, IReadOnlyDictionary<string, DateTimeOffset> releases)
    {
        lock (_lock)
        {
            foreach (var (release, at) in releases)
            {
                _releases.Observe(release, at);
            }

            foreach (var state in issues.OrderByDescending(issue => issue.LastSeen).Take(options.Value.MaxIssues))
            {
                _issues.Add(state.Id, Issue.Of(state));
            }
        }
    }

    /// <summary>Those that match, newest first.</summary>
    public List<IssueSummary> Find(IssueQuery query, DateTimeOffset now)
    {
        lock (_lock)
        {
            return
            [
                .. _issues
                    .Values.Where(issue => query.Tenant is null || issue.HasTenant(query.Tenant))
                    .Select(issue => issue.Summary(now))
                    .Where(query.Matches)
                    .OrderByDescending(issue => issue.LastSeen)
                    .ThenBy(issue => issue.Id, StringComparer.Ordinal),
            ];
        }
    }

    public IssueDetails? Get(string id, DateTimeOffset now)
    {
        lock (_lock)
        {
            return _issues.TryGetValue(id, out var issue)
                ? new IssueDetails(issue.Summary(now), issue.OverTime(now), issue.Tags(), issue.Events.Count, issue.Events.Last?.Value)
                : null;
        }
    }

    /// <summary>The latest events of an issue, newest first.</summary>
    public IReadOnlyList<ErrorEvent> EventsOf(string id)
    {
        lock (_lock)
        {
            return _issues.TryGetValue(id, out var issue) ? [.. issue.Events.Reverse()] : [];
        }
    }

    /// <summary>All kept events that match, in order of arrival.</summary>
    public List<ErrorEvent> EventsWhere(Func<ErrorEvent, bool> matches)
    {
        ErrorEvent[] all;

        lock (_lock)
        {
            all = [.. _arrival.Select(place => place.Event.Value)];
        }

        return [.. all.Where(matches)];
    }

    private Issue AddIssue(string id)
    {
        if (_issues.Count >= options.Value.MaxIssues)
        {
            var oldest = _issues.MinBy(known => known.Value.LastSeen);

            while (oldest.Value.Events.First is { } item)
            {
                Drop(_places[item]);
            }

            _issues.Remove(oldest.Key);
            _evictedIssues++;
        }

        var issue = new Issue(id);
        _issues.Add(id, issue);
        return issue;
    }

    private void Keep(Issue issue, ErrorEvent item)
    {
        var node = issue.Events.AddLast(item);
        _places.Add(node, _arrival.AddLast((issue, node)));
        _bytes += item.Bytes;

        if (issue.Events.Count > options.Value.MaxEventsPerIssue)
        {
            Drop(_places[issue.Events.First!]);
        }

        while (_bytes > options.Value.MaxEventStoreBytes && _arrival.First is { } oldest)
        {
            Drop(oldest);
        }
    }

    private void Drop(LinkedListNode<(Issue Issue, LinkedListNode<ErrorEvent> Event)> place)
    {
        var (issue, item) = place.Value;
        _bytes -= item.Value.Bytes;
        _evictedEvents++;
        _places.Remove(item);
        _arrival.Remove(place);
        issue.Events.Remove(item);
    }
}

internal sealed record IssueStats(
    long EventsReceived,
    long EventsDuplicate,
    int Issues,
    int EventsKept,
    long EventBytes,
    long IssuesEvicted,
    long EventsEvicted,
    int MaxIssues,
    long MaxEventBytes
);
