using System.Diagnostics.Metrics;

namespace Platform.ServiceDefaults;

/// <summary>
/// The memory that a process may have, which the runtime's own metrics lack: what its working set is to be compared with.
/// </summary>
internal sealed class MemoryLimit : IDisposable
{
    private readonly Meter _meter = new($"{TelemetrySources.Own}Process", "1.0.0");

    public MemoryLimit() =>
        _meter.CreateObservableGauge(
            "platform.process.memory.limit",
            // What the collector may use: three quarters of a container's limit, or the memory of the machine;
            // https://learn.microsoft.com/dotnet/api/system.gcmemoryinfo.totalavailablememorybytes
            () => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            "By",
            "Bytes of memory that the process may have."
        );

    public void Dispose() => _meter.Dispose();
}
