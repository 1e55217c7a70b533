using Microsoft.Extensions.Options;
using Platform.Observatory.Otlp;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Forward;

/// <summary>
/// Forwards accepted telemetry over OTLP, and errors to another DSN. Replayed history was forwarded when it first arrived and is not
/// forwarded again.
/// </summary>
internal sealed partial class Forwarder : IHostedService, IDisposable
{
    /// <summary>How long a stop drains the queues; what is not sent by then is counted and dropped.</summary>
    private static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(3);

    private readonly IReadOnlyList<Destination> _destinations;
    private readonly Destination? _envelopes;
    private readonly Hops _hops;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public Forwarder(Hops hops, IOptions<ObservatoryOptions> options, TimeProvider time, ILogger<Forwarder> logger)
    {
        (_hops, _time, _logger) = (hops, time, logger);
        _destinations =
        [
            .. options
                .Value.Forward.OrderBy(entry => entry.Key, StringComparer.Ordinal)
                .Select(entry => Destination.ForOtlp(entry.Value.Name ?? entry.Key, entry.Value, time, logger)),
        ];
        _envelopes = options.Value.ForwardDsn is { Length: > 0 } dsn ? Destination.ForEnvelopes(Dsn.TryRead(dsn)!, time, logger) : null;
    }

    /// <summary>False without an OTLP destination.</summary>
    public bool IsOn => _destinations.Count > 0;

    public IReadOnlyList<ForwardStats> Stats => [.. All.Select(destination => destination.Stats)];

    private IEnumerable<Destination> All => _envelopes is null ? _destinations : _destinations.Append(_envelopes);

    private IEnumerable<Lane> Lanes => All.SelectMany(destination => destination.Lanes);

    /// <summary>Copies the scrubbed body once, since the request owns it. Never blocks or throws.</summary>
    public void Offer(Signal signal, ReadOnlySpan<byte> body, bool hasRejected)
    {
        if (!IsOn)
        {
            return;
        }

        var bytes = hasRejected ? AcceptedItems.Of(signal, body) : body.ToArray();
        var items = OtlpItems.Count(signal, bytes);

        if (items == 0)
        {
            return;
        }

        var batch = new ForwardBatch(bytes, items, _hops.Next, _time.GetTimestamp());

        foreach (var destination in _destinations)
        {
            destination.Offer(signal, batch);
        }
    }

    /// <summary>A scrubbed error envelope with a header of its own, which contains neither the sender nor its DSN.</summary>
    public void OfferEnvelope(byte[] envelope) =>
        _envelopes?.Lanes[0].Offer(new ForwardBatch(envelope, 1, _hops.Next, _time.GetTimestamp()));

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.WhenAll(Lanes.Select(lane => Task.Run(() => lane.RunAsync(_stopping.Token), CancellationToken.None)));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var lane in Lanes)
        {
            lane.Complete();
        }

        try
        {
            await _running.WaitAsync(FlushTime, _time, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            await _stopping.CancelAsync();
            await _running;
            LogLeft(Lanes.Sum(lane => lane.Stats.Stopped), FlushTime.TotalSeconds);
        }
    }

    public void Dispose()
    {
        foreach (var destination in All)
        {
            destination.Dispose();
        }

        _stopping.Dispose();
    }

    [LoggerMessage(
        EventId = 5023,
        Level = LogLevel.Warning,
        Message = "{Items} items were not forwarded within {Seconds} s of the stop and are dropped"
    )]
    private partial void LogLeft(long items, double seconds);
}
