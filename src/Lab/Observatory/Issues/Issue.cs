using Platform.Observatory.Text;

namespace Platform.Observatory.Issues;

/// <summary>The aggregated state of one error; accessed under the store's lock.</summary>
internal sealed class Issue(string id)
{
    private static readonly TimeSpan NewFor = TimeSpan.FromDays(1);

    // Each is bounded: the least recently seen value is evicted.
    private const int MaxNames = 20;
    private readonly List<string> _releases = [];
    private readonly List<string> _environments = [];
    private readonly List<string> _services = [];
    private readonly Distinct _users = new();
    private readonly Distinct _tenants = new();
    private readonly TimeBuckets _overTime = new();
    private readonly TagCounts _tags = new();
    private IssueStatus _status = IssueStatus.New;
    private DateTimeOffset _resolvedAt;
    private string? _resolvedIn;

    /// <summary>The latest, oldest first. Bounded by MaxEventsPerIssue and, with all others, by MaxEventStoreBytes.</summary>
    public LinkedList<ErrorEvent> Events { get; } = new();

    public DateTimeOffset FirstSeen { get; private set; } = DateTimeOffset.MaxValue;

    public DateTimeOffset LastSeen { get; private set; } = DateTimeOffset.MinValue;

    public string? FirstRelease { get; private set; }

    public IReadOnlyList<string> Services => _services;

    private long _count;
    private string _type = "";
    private string _value = "";
    private string _culprit = "";
    private string _level = "";

    public static Issue Of(IssueState state)
    {
        var issue = new Issue(state.Id)
        {
            FirstSeen = state.FirstSeen,
            FirstRelease = state.FirstRelease,
            LastSeen = state.LastSeen,
            _count = state.Count,
            _status = state.Status,
            _resolvedAt = state.ResolvedAt,
            _resolvedIn = state.ResolvedIn,
            _type = state.Type,
            _value = state.Value,
            _culprit = state.Culprit,
            _level = state.Level,
        };
        issue._users.Restore(state.Users, state.UsersCapped);
        issue._tenants.Restore(state.Tenants, state.TenantsCapped);
        issue._releases.AddRange(state.Releases.TakeLast(MaxNames));
        issue._environments.AddRange(state.Environments.TakeLast(MaxNames));
        issue._services.AddRange(state.Services.TakeLast(MaxNames));
        return issue;
    }

    public IssueState State() =>
        new(
            id,
            _type,
            _value,
            _culprit,
            _level,
            _status,
            _resolvedAt,
            _resolvedIn,
            _count,
            FirstSeen,
            FirstRelease,
            LastSeen,
            [.. _releases],
            [.. _environments],
            [.. _services],
            _users.Count,
            _users.IsCapped,
            _tenants.Count,
            _tenants.IsCapped
        );

    public void Add(ErrorEvent item, ReleaseOrder releases)
    {
        if (_status == IssueStatus.Resolved && releases.IsNewer(item.Release, _resolvedIn, _resolvedAt))
        {
            _status = IssueStatus.Regressed;
        }

        _count++;

        if (item.Time < FirstSeen)
        {
            (FirstSeen, FirstRelease) = (item.Time, item.Release);
        }

        if (item.Time >= LastSeen)
        {
            LastSeen = item.Time;
            (_type, _value, _culprit, _level) = (item.Type, item.Value, item.Culprit, item.Level);
        }

        _overTime.Add(item.Time);
        _users.Add(item.User);
        _tenants.Add(item.Tenant);
        Remember(_releases, item.Release);
        Remember(_environments, item.Environment);
        Remember(_services, item.Service);

        foreach (var (key, value) in item.Tags)
        {
            _tags.Add(key, value);
        }
    }

    public void SetStatus(IssueStatus status, DateTimeOffset at, ReleaseOrder releases)
    {
        _status = status;
        _resolvedAt = at;
        _resolvedIn = releases.Newest(_releases);
    }

    public bool HasTenant(string tenant) => _tenants.Contains(tenant);

    public IssueSummary Summary(DateTimeOffset now) =>
        new()
        {
            Id = id,
            Title = _value.Length > 0 ? $"{_type}: {_value}" : _type,
            Type = _type,
            Value = _value,
            Culprit = _culprit,
            Level = _level,
            Status = _status == IssueStatus.New && now - FirstSeen > NewFor ? IssueStatus.Ongoing : _status,
            Count = _count,
            FirstSeen = FirstSeen,
            LastSeen = LastSeen,
            Users = _users.Count,
            UsersCapped = _users.IsCapped,
            Tenants = _tenants.Count,
            TenantsCapped = _tenants.IsCapped,
            Services = [.. _services],
            Releases = [.. _releases],
            Environments = [.. _environments],
            FirstRelease = FirstRelease,
            ResolvedIn = _status is IssueStatus.Resolved or IssueStatus.Regressed ? _resolvedIn : null,
            Links = new IssueLinks($"/api/issues/{id}", $"/api/issues/{id}/events", $"/issues/{id}"),
        };

    public IReadOnlyList<CountAt> OverTime(DateTimeOffset now) => _overTime.Until(now);

    public IReadOnlyList<TagShare> Tags() => _tags.All();

    // The most recent is last.
    private static void Remember(List<string> names, string? name)
    {
        if (name is null || (names.Count > 0 && names[^1] == name))
        {
            return;
        }

        if (!names.Remove(name) && names.Count >= MaxNames)
        {
            names.RemoveAt(0);
        }

        names.Add(name);
    }
}
