using Platform.Observatory.Store;

namespace Platform.Observatory.Resources;

/// <summary>The release that each instance said last that it runs.</summary>
internal sealed class InstanceReleases
{
    // Bounded by the origins in the stores.
    private readonly Dictionary<(string Service, string Instance), string> _releases = [];

    public InstanceReleases(TelemetryStore store)
    {
        // Newest first; of two signals the one that spoke later is right, and both speak all the time.
        Read(store.Logs.Snapshot());
        Read(store.Spans.Snapshot());
    }

    public string? Of(string service, params string[] instances) =>
        instances.Select(instance => _releases.GetValueOrDefault((service, instance))).FirstOrDefault(release => release is not null);

    private void Read(TelemetryRecord[] records)
    {
        for (var index = records.Length - 1; index >= 0; index--)
        {
            if (records[index].Origin.Resource is { Instance: { } instance, Version: { } version } origin)
            {
                _releases.TryAdd((origin.Service, instance), version);
            }
        }
    }
}
