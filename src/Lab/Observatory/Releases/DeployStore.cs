using System.Globalization;

namespace Platform.Observatory.Releases;

/// <summary>
/// When which release of which service started. Telemetry adds a marker for a release that is new to the service; an announcement adds one
/// when its release differs from the service's last marker, so that rollbacks show too.
/// </summary>
internal sealed class DeployStore
{
    // Both bounded; the oldest marker is evicted, and only the first instances of one are named.
    private const int MaxDeploys = 500;
    private const int MaxInstances = 50;
    private readonly Lock _lock = new();
    private readonly List<Deploy> _deploys = [];
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);
    private long _next = 1;

    /// <summary>True when a marker was added.</summary>
    public bool Observe(string service, string release, string? environment, string? instance, DateTimeOffset at)
    {
        lock (_lock)
        {
            var index = _deploys.FindLastIndex(deploy => deploy.Service == service && deploy.Release == release);

            if (index < 0)
            {
                Add(service, release, environment, instance is null ? [] : [instance], Deploy.Seen, at);
                return true;
            }

            if (
                instance is not null
                && _deploys[index].Instances is var known
                && known.Count < MaxInstances
                && !known.Contains(instance, StringComparer.Ordinal)
            )
            {
                _deploys[index] = _deploys[index] with { Instances = [.. known, instance] };
            }

            return false;
        }
    }

    /// <summary>Fills an empty store.</summary>
    public void Restore(IReadOnlyList<Deploy> deploys)
    {
        lock (_lock)
        {
            _deploys.AddRange(deploys.TakeLast(MaxDeploys));
            _next = _deploys.Select(deploy => long.Parse(deploy.Id, CultureInfo.InvariantCulture)).DefaultIfEmpty().Max() + 1;
        }
    }

    public Deploy Announce(Announcement announced, DateTimeOffset at)
    {
        lock (_lock)
        {
            var last = _deploys.FindLast(deploy => deploy.Service == announced.Service);
            return last?.Release == announced.Release
                ? last
                : Add(
                    announced.Service,
                    announced.Release,
                    announced.Environment,
                    [.. announced.Instances.Take(MaxInstances)],
                    Deploy.Announced,
                    at
                );
        }
    }

    /// <summary>Releases that replaced another, by service, since the start of the process; bounded by MaxDeploys services.</summary>
    public IReadOnlyDictionary<string, long> Counts
    {
        get
        {
            lock (_lock)
            {
                return new Dictionary<string, long>(_counts);
            }
        }
    }

    /// <summary>In order of time.</summary>
    public IReadOnlyList<Deploy> All()
    {
        lock (_lock)
        {
            return [.. _deploys];
        }
    }

    /// <summary>The marker of a release of a service.</summary>
    public Deploy? Find(string service, string? release) =>
        All().LastOrDefault(deploy => deploy.Service == service && deploy.Release == release);

    private Deploy Add(
        string service,
        string release,
        string? environment,
        IReadOnlyList<string> instances,
        string source,
        DateTimeOffset at
    )
    {
        if (_deploys.Count >= MaxDeploys)
        {
            _deploys.RemoveAt(0);
        }

        var deploy = new Deploy(
            (_next++).ToString(CultureInfo.InvariantCulture),
            at,
            service,
            release,
            _deploys.FindLast(known => known.Service == service)?.Release,
            environment,
            instances,
            source
        );
        _deploys.Add(deploy);
        if (_counts.ContainsKey(service) || _counts.Count < MaxDeploys)
        {
            // From 0 on: a series that begins with 1 has no increase.
            _counts[service] = _counts.GetValueOrDefault(service) + (deploy.PreviousRelease is null ? 0 : 1);
        }

        return deploy;
    }
}
