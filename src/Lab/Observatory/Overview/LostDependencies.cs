using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Requests;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Overview;

/// <summary>
/// What services say that they need and cannot reach: the event dependency.lost without a later dependency.available of the same process.
/// </summary>
internal static class LostDependencies
{
    public const string Lost = "dependency.lost";
    private const string Available = "dependency.available";
    private const string Name = "Dependency";

    // A process sends metrics once a minute at least; one that sends nothing for longer has ended, and will not say that it found anything.
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

    /// <summary>By service; each name once.</summary>
    public static ILookup<string, LostDependency> Of(StoredLog[] logs, IReadOnlyList<KnownResourceState> senders, Window window)
    {
        var oldest = UnixTime.Of(window.To) - Silence;
        var alive = senders.Where(sender => sender.LastSeen >= oldest).Select(sender => (sender.Name, sender.InstanceId)).ToHashSet();

        // Bounded by the logs of the store. The last word of each process on each dependency.
        var last = new Dictionary<(string Service, string? Instance, string Dependency), (ulong Time, bool IsLost)>();

        foreach (var log in logs)
        {
            // Most lines are no such event, and are not unpacked.
            if (log.Time > window.To || log.Payload.AsSpan().IndexOf("dependency."u8) < 0 || WordOf(log) is not { } word)
            {
                continue;
            }

            var key = (log.Origin.Service, log.Origin.Resource.Instance, word.Dependency);

            if (alive.Contains((key.Service, key.Instance)) && (!last.TryGetValue(key, out var known) || log.Time >= known.Time))
            {
                last[key] = (log.Time, word.IsLost);
            }
        }

        return last.Where(pair => pair.Value.IsLost)
            .GroupBy(pair => (pair.Key.Service, pair.Key.Dependency))
            .Select(group => new LostDependency(group.Key.Service, group.Key.Dependency, group.Min(pair => pair.Value.Time)))
            .OrderBy(lost => lost.Since)
            .ToLookup(lost => lost.Service, StringComparer.Ordinal);
    }

    private static (string Dependency, bool IsLost)? WordOf(StoredLog log)
    {
        var isLost = EventNames.Has(log, Lost);
        var dependency = isLost || EventNames.Has(log, Available) ? ValueText.Find(log.Parse().Attributes, Name) : null;
        return string.IsNullOrEmpty(dependency) ? null : (dependency, isLost);
    }
}

internal sealed record LostDependency(string Service, string Name, ulong Since);
