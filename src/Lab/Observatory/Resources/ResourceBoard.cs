using System.Collections.Frozen;
using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Resources;

/// <summary>The newest snapshot of every resource, also while the AppHost is away.</summary>
internal sealed class ResourceBoard(TimeProvider time, ResourceService service)
{
    // What an AppHost has is some dozens. Beyond either bound a resource is left out, and the page says how many were.
    private const int MaxResources = 2_000;
    private const long MaxBytes = 64 << 20;

    private readonly Lock _lock = new();

    // Both bounded by MaxResources and MaxBytes.
    private readonly Dictionary<string, Resource> _resources = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _sizes = new(StringComparer.Ordinal);

    // Bounded by _resources: instances that somebody stopped, as opposed to those that died.
    private readonly HashSet<string> _stopped = new(StringComparer.Ordinal);

    // Bounded: emptied with each first answer, and no larger than MaxResources.
    private readonly HashSet<string> _leftOut = new(StringComparer.Ordinal);

    private long _bytes;
    private ResourceConnection _connection = new(
        service.IsConfigured ? ConnectionState.Connecting : ConnectionState.NotConfigured, time.GetUtcNow(),
        service.IsConfigured ? "No answer yet." : "");

    private bool _wasFilled;

    public BoardState State
    {
        get
        {
            lock (_lock)
            {
                return new BoardState(_connection, [.. _resources.Values], _stopped.ToFrozenSet(StringComparer.Ordinal), _leftOut.Count, _wasFilled);
            }
        }
    }

    public void Apply(WatchResourcesUpdate update)
    {
        lock (_lock)
        {
            if (_connection.State != ConnectionState.Connected)
            {
                _connection = new ResourceConnection(ConnectionState.Connected, time.GetUtcNow(), "");
            }

            if (update.KindCase == WatchResourcesUpdate.KindOneofCase.InitialData)
            {
                Replace(update.InitialData.Resources);
            }

            foreach (var change in update.Changes?.Value ?? [])
            {
                if (change.KindCase == WatchResourcesChange.KindOneofCase.Delete)
                {
                    Remove(change.Delete.ResourceName);
                }
                else if (change.Upsert is { } resource)
                {
                    Put(resource);
                }
            }
        }
    }

    public void Lose(string reason)
    {
        lock (_lock)
        {
            // The first loss counts; each attempt after it only brings a newer reason.
            _connection = _connection.State == ConnectionState.Connected
                ? new ResourceConnection(ConnectionState.Lost, time.GetUtcNow(), reason)
                : _connection with { Reason = reason };
        }
    }

    private void Replace(IEnumerable<Resource> resources)
    {
        var news = resources.ToList();
        var names = news.Select(resource => resource.Name).ToHashSet(StringComparer.Ordinal);
        _leftOut.Clear();
        _wasFilled = true;

        foreach (var gone in _resources.Keys.Where(name => !names.Contains(name)).ToList())
        {
            Remove(gone);
        }

        news.ForEach(Put);
    }

    private void Put(Resource resource)
    {
        var size = resource.CalculateSize();
        var before = _sizes.GetValueOrDefault(resource.Name);

        if ((before == 0 && _resources.Count >= MaxResources) || _bytes - before + size > MaxBytes)
        {
            if (_leftOut.Count < MaxResources)
            {
                _leftOut.Add(resource.Name);
            }

            return;
        }

        _resources[resource.Name] = resource;
        _sizes[resource.Name] = size;
        _bytes += size - before;
        _leftOut.Remove(resource.Name);

        if (resource.State == "Stopping")
        {
            _stopped.Add(resource.Name);
        }
        else if (!ResourceFacts.IsEnded(resource))
        {
            _stopped.Remove(resource.Name);
        }
    }

    private void Remove(string name)
    {
        _resources.Remove(name);
        _stopped.Remove(name);
        _leftOut.Remove(name);
        _sizes.Remove(name, out var size);
        _bytes -= size;
    }
}

/// <summary>The board at one moment. Stopped: the instances that somebody stopped. WasFilled: an AppHost has answered once.</summary>
internal sealed record BoardState(ResourceConnection Connection, IReadOnlyList<Resource> Resources, FrozenSet<string> Stopped, int LeftOut, bool WasFilled);
