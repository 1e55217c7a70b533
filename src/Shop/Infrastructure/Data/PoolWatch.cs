using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Platform.Infrastructure.Data;

/// <summary>
/// Warns when the connection pool is nearly exhausted, once until it recovers: the next request may wait for a connection, and its
/// telemetry would only show that it was slow. Reads Npgsql's metrics.
/// </summary>
internal sealed partial class PoolWatch : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // A warning at 85 % of the pool leaves room to act before callers wait.
    private const double WarnAt = 0.85;

    private readonly MeterListener _listener = new();
    private readonly TimeProvider _time;
    private readonly ILogger<PoolWatch> _logger;
    private long _used;
    private long _max;
    private bool _warned;

    public PoolWatch(TimeProvider time, ILogger<PoolWatch> logger)
    {
        _time = time;
        _logger = logger;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "Npgsql", Name: "db.client.connection.count" or "db.client.connection.max" })
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((instrument, measurement, tags, _) => Record(instrument, measurement, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, measurement, tags, _) => Record(instrument, measurement, tags));
    }

    public override void Dispose()
    {
        _listener.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _listener.Start();
        using var timer = new PeriodicTimer(Interval, _time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            _listener.RecordObservableInstruments();
            Check(_used, _max);
        }
    }

    internal void Check(long used, long max)
    {
        var isLow = max > 0 && used >= WarnAt * max;
        if (isLow && !_warned)
        {
            LogNearlyUsedUp(used, max);
        }

        _warned = isLow;
    }

    private void Record(Instrument instrument, long measurement, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (instrument.Name == "db.client.connection.max")
        {
            _max = measurement;
            return;
        }

        foreach (var (name, value) in tags)
        {
            if (name == "db.client.connection.state" && value as string == "used")
            {
                _used = measurement;
            }
        }
    }

    [LoggerMessage(
        EventId = 9403,
        EventName = "database.pool_low",
        Level = LogLevel.Warning,
        Message = "connection pool: {Used} of {Max} connections are in use"
    )]
    private partial void LogNearlyUsedUp(long used, long max);
}
