using Platform.Observatory.Otlp;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Forward;

/// <summary>A destination of forwarded telemetry.</summary>
internal sealed class Destination : IDisposable
{
    // Queue limits of one destination. Several destinations share the bytes of a batch.
    private const long MaxTraceBytes = 32L << 20;
    private const long MaxLogBytes = 16L << 20;
    private const long MaxMetricBytes = 16L << 20;
    private const long MaxEnvelopeBytes = 8L << 20;

    private const int MaxRequestRecords = 2_048;
    private const int MaxRequestPoints = 8_192;
    private const int MinRequestSpans = 32;

    /// <summary>Requests per second at a configured limit: small ones, so that the share is adjusted more than once a second.</summary>
    private const int RequestsPerSecond = 4;

    private readonly Thinning? _thinning;
    private readonly Dictionary<Signal, Lane> _lanes;
    private readonly string _endpoint;
    private readonly string _protocol;

    // Only scheme and host of the endpoint are kept: some paths contain a key.
    private Destination(
        string name,
        Uri endpoint,
        string protocol,
        Thinning? thinning,
        Dictionary<Signal, Lane> bySignal,
        IReadOnlyList<Lane> lanes
    )
    {
        (Name, _protocol, _thinning, _lanes, Lanes) = (name, protocol, thinning, bySignal, lanes);
        _endpoint = endpoint.GetLeftPart(UriPartial.Authority);
    }

    public string Name { get; }

    public IReadOnlyList<Lane> Lanes { get; }

    public ForwardStats Stats => new(Name, _endpoint, _protocol, _thinning?.Share ?? 1, [.. Lanes.Select(lane => lane.Stats)]);

    public static Destination ForOtlp(string name, DestinationOptions options, TimeProvider time, ILogger logger)
    {
        var endpoint = new Uri(options.Endpoint!);
        var headers = HeaderList.TryRead(options.Headers)!;
        var gzip = options.Compression == "gzip";
        var thinning = new Thinning(time);
        var tokenBucket = options.MaxSpansPerSecond is { } most ? new TokenBucket(most, time) : null;
        var requestSpans = options.MaxSpansPerSecond is { } perSecond
            ? Math.Clamp(perSecond / RequestsPerSecond, MinRequestSpans, MaxRequestRecords)
            : MaxRequestRecords;
        var spans = LaneOf(Signal.Traces, new LaneLimits(MaxTraceBytes, requestSpans), thinning, tokenBucket, after: null);
        var lanes = new Dictionary<Signal, Lane>
        {
            [Signal.Traces] = spans,
            [Signal.Logs] = LaneOf(Signal.Logs, new LaneLimits(MaxLogBytes, MaxRequestRecords), thinning, tokenBucket: null, after: spans),
            [Signal.Metrics] = LaneOf(
                Signal.Metrics,
                new LaneLimits(MaxMetricBytes, MaxRequestPoints),
                null,
                tokenBucket: null,
                after: null
            ),
        };
        return new Destination(name, endpoint, options.Protocol, thinning, lanes, [.. lanes.Values]);

        Lane LaneOf(Signal signal, LaneLimits limits, Thinning? thinning, TokenBucket? tokenBucket, Lane? after)
        {
            ISender sender =
                options.Protocol == DestinationOptions.Grpc
                    ? new OtlpGrpcSender(endpoint, signal, gzip, headers, time)
                    : new OtlpHttpSender(OtlpHttpSender.AddressOf(endpoint, signal), gzip, headers, time);
            return new Lane(name, signal, limits, sender, thinning, tokenBucket, after, time, logger);
        }
    }

    public static Destination ForEnvelopes(Dsn dsn, TimeProvider time, ILogger logger)
    {
        const string Name = "sentry";
        var limits = new LaneLimits(MaxEnvelopeBytes, MaxRequestItems: 1);
        var lane = new Lane(
            Name,
            signal: null,
            limits,
            new EnvelopeSender(dsn, time),
            thinning: null,
            tokenBucket: null,
            after: null,
            time,
            logger
        );
        return new Destination(Name, dsn.Envelopes, "envelope", thinning: null, [], [lane]);
    }

    public void Offer(Signal signal, ForwardBatch batch) => _lanes[signal].Offer(batch);

    public void Dispose()
    {
        foreach (var lane in Lanes)
        {
            lane.Dispose();
        }
    }
}
