using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Requests;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Findings;

/// <summary>
/// Dependencies that services report as unreachable: the event dependency.lost without a later dependency.available of the same process.
/// </summary>
internal static class LostDependencies
{
    public const string Lost = "dependency.lost";
    private const string Available = "dependency.available";
    private const string Name = "Dependency";

    // A process sends metrics at least once a minute; one that is silent for longer has exited and will not report a recovery.
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

    /// <summary>By service; each name once.</summary>
    public static ILookup<string, LostDependency> Of(StoredLog[] logs, IReadOnlyList<KnownResourceState> senders, Window window)
    {
        var oldest = UnixTime.Of(window.To) - Silence;
        var alive = senders.Where(sender => sender.LastSeen >= oldest).Select(sender => (sender.Name, sender.InstanceId)).ToHashSet();

        // Bounded by the logs of the store. The last event of each process about each dependency.
        var last = new Dictionary<(string Service, string? Instance, string Dependency), (ulong Time, bool IsLost)>();

        foreach (var log in logs)
        {
            // Most lines are other events and are not parsed.
            if (log.Time > window.To || log.Payload.AsSpan().IndexOf("dependency."u8) < 0 || StateOf(log) is not { } state)
            {
                continue;
            }

            var key = (log.Origin.Service, log.Origin.Resource.Instance, state.Dependency);

            if (alive.Contains((key.Service, key.Instance)) && (!last.TryGetValue(key, out var known) || log.Time >= known.Time))
            {
                last[key] = (log.Time, state.IsLost);
            }
        }

        return last.Where(pair => pair.Value.IsLost)
            .GroupBy(pair => (pair.Key.Service, pair.Key.Dependency))
            .Select(group => new LostDependency(group.Key.Service, group.Key.Dependency, group.Min(pair => pair.Value.Time)))
            .OrderBy(lost => lost.Since)
            .ToLookup(lost => lost.Service, StringComparer.Ordinal);
    }

    private static (string Dependency, bool IsLost)? StateOf(StoredLog log)
    {
        var isLost = EventNames.Has(log, Lost);
        var dependency = isLost || EventNames.Has(log, Available) ? ValueText.Find(log.Parse().Attributes, Name) : null;
        return string.IsNullOrEmpty(dependency) ? null : (dependency, isLost);
    }
}

internal sealed record LostDependency(string Service, string Name, ulong Since);
