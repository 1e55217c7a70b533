using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Platform.Shop.Tests.Support;

/// <summary>What the counters of one service counted.</summary>
internal sealed class Measurements : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<(string Name, long Value, string Tags)> _measured = new();

    public Measurements(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == meters && instrument.Name.StartsWith("platform.", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) =>
                _measured.Enqueue((instrument.Name, value, string.Join(',', tags.ToArray().Select(tag => $"{tag.Value}"))))
        );
        _listener.Start();
    }

    public long Sum(string name, string tags = "") =>
        _measured.Where(measured => measured.Name == name && measured.Tags == tags).Sum(measured => measured.Value);

    public void Dispose() => _listener.Dispose();
}
