using Platform.Observatory.Otlp;
using Platform.Observatory.Requests;
using Platform.Observatory.Store;
using Platform.Observatory.Text;
using SpanKind = Platform.Observatory.Otlp.Span.Types.SpanKind;

namespace Platform.Observatory.Map;

/// <summary>
/// The call graph of a window, from client, producer and consumer spans. A call whose callee sent a span too is an edge between the two
/// services; otherwise its attributes name the peer: a database system, a queue, or an address outside.
/// </summary>
internal sealed class MapGraph
{
    private const string PeerService = "peer.service";
    private const string ServerAddress = "server.address";

    // These spans are parsed to learn the peer: the newest of the recent ones, and an even sample of the earlier ones of each name for the
    // usual values. With more recent spans than this, rates cover the sampled time, and the page says so.
    private const int MaxNow = 6_000;
    private const int MaxBefore = 4_000;

    // Both bounded: a sender that generates names fills the map and no more.
    private const int MaxNodes = 60;
    private const int MaxEdges = 200;
    private readonly Window _window;
    private readonly Dictionary<MapEdge, EdgeFigures> _edges = [];
    private readonly Dictionary<(UInt128 Trace, ulong Span), string> _callees = [];
    private readonly Dictionary<(UInt128 Trace, ulong Span), StoredSpan> _producers = [];

    // Received messages; their edges come from the consumer, which knows the queue.
    private readonly HashSet<(UInt128 Trace, ulong Span)> _received = [];
    private readonly HashSet<string> _services = new(StringComparer.Ordinal);
    private readonly HashSet<MapNode> _nodes = [];

    public MapGraph(StoredSpan[] spans, Window window)
    {
        _window = window;
        var inWindow = spans.Where(span => window.Contains(span.Start)).ToList();

        // Callees are known from the ids alone.
        foreach (var span in inWindow)
        {
            _services.Add(span.Origin.Service);

            if (span.Kind == SpanKind.Server && span.ParentId != 0)
            {
                _callees[(span.TraceId, span.ParentId)] = span.Origin.Service;
            }
            else if (span.Kind == SpanKind.Producer)
            {
                _producers[(span.TraceId, span.SpanId)] = span;
            }
            else if (span.Kind == SpanKind.Consumer)
            {
                _received.Add((span.TraceId, span.ParentId));
            }
        }

        var crossing = inWindow
            .Where(span => span.Kind is SpanKind.Client or SpanKind.Producer or SpanKind.Consumer)
            .OrderByDescending(span => span.Start)
            .ToList();
        var now = crossing.Where(span => window.IsRecent(span.Start)).ToList();
        SampledCalls = Math.Min(now.Count, MaxNow);
        Length =
            now.Count > MaxNow && window.To > now[MaxNow - 1].Start
                ? TimeSpan.FromTicks((long)((window.To - now[MaxNow - 1].Start) / 100))
                : window.Recent;

        foreach (var span in now.Take(MaxNow))
        {
            Add(span);
        }

        foreach (var span in Sample(crossing.Skip(now.Count)))
        {
            Add(span);
        }
    }

    public IReadOnlyDictionary<MapEdge, EdgeFigures> Edges => _edges;

    public IReadOnlyCollection<MapNode> Nodes => _nodes;

    public int SampledCalls { get; }

    /// <summary>The time that the sampled calls cover.</summary>
    public TimeSpan Length { get; }

    // Each name gets an equal share, and what rare names leave over goes to the others: a call among a hundred keeps its usual values.
    private static IEnumerable<StoredSpan> Sample(IEnumerable<StoredSpan> earlier)
    {
        var calls = earlier
            .GroupBy(span => (span.Origin.Service, span.Kind, span.Name))
            .Select(call => call.ToList())
            .OrderBy(call => call.Count)
            .ToList();
        var (places, names) = (MaxBefore, calls.Count);

        foreach (var call in calls)
        {
            var step = (int)Math.Ceiling(call.Count / Math.Max(1, places / (double)names--));
            var sample = call.Where((_, index) => index % step == 0).Take(places).ToList();
            places -= sample.Count;

            foreach (var span in sample)
            {
                yield return span;
            }
        }
    }

    private void Add(StoredSpan span)
    {
        var milliseconds = (span.End - span.Start) / 1e6;
        var own = Service(span.Origin.Service);

        if (own is null)
        {
            return;
        }

        if (span.Kind == SpanKind.Client)
        {
            Add(own, _callees.TryGetValue((span.TraceId, span.SpanId), out var callee) ? Service(callee) : Peer(span), span, milliseconds);
            return;
        }

        var attributes = span.Parse().Attributes;

        if (ValueText.Find(attributes, "messaging.destination.name") is not { Length: > 0 } destination)
        {
            return;
        }

        if (span.Kind == SpanKind.Consumer)
        {
            // For an edge out of a queue, the time that the message waited there.
            var waited =
                _producers.TryGetValue((span.TraceId, span.ParentId), out var producer) && span.Start >= producer.End
                    ? (span.Start - producer.End) / 1e6
                    : 0;
            var queue = Node(destination, NodeKind.Queue);
            Add(queue, own, span, waited);

            if (producer is not null && Service(producer.Origin.Service) is { } sender)
            {
                Add(sender, queue, producer, (producer.End - producer.Start) / 1e6);
            }
        }
        else if (!_received.Contains((span.TraceId, span.SpanId)))
        {
            // Sent to an exchange without a known consumer.
            Add(
                own,
                Node(
                    ValueText.Find(attributes, "messaging.rabbitmq.destination.routing_key") is { Length: > 0 } key ? key : destination,
                    NodeKind.Queue
                ),
                span,
                milliseconds
            );
        }
    }

    private void Add(MapNode? from, MapNode? to, StoredSpan span, double milliseconds)
    {
        if (from is null || to is null || from == to)
        {
            return;
        }

        var edge = new MapEdge(from, to);

        if (!_edges.TryGetValue(edge, out var figures))
        {
            if (_edges.Count >= MaxEdges)
            {
                return;
            }

            _edges.Add(edge, figures = new EdgeFigures(_window));
        }

        figures.Add(span, milliseconds);
    }

    private MapNode? Peer(StoredSpan span)
    {
        var attributes = span.Parse().Attributes;
        return ValueText.Find(attributes, "db.system.name") is { Length: > 0 } system ? Node(system, NodeKind.Database)
            : ValueText.Find(attributes, "messaging.destination.name") is { Length: > 0 } destination ? Node(destination, NodeKind.Queue)
            : ValueText.Find(attributes, PeerService) is { Length: > 0 } peer ? Service(peer, PeerService)
            : ValueText.Find(attributes, ServerAddress) is { Length: > 0 } address ? Service(address, ServerAddress)
            : null;
    }

    // Outside: known external services, and callees that send no telemetry.
    private MapNode? Service(string name, string attribute = PeerService) =>
        ServiceName.ClassOf(name) == "outside" || !_services.Contains(name)
            ? Node(name, NodeKind.Outside, attribute)
            : Node(name, NodeKind.Service);

    private MapNode? Node(string name, NodeKind kind, string attribute = "")
    {
        var node = new MapNode(name, kind, attribute);
        return _nodes.Contains(node) || (_nodes.Count < MaxNodes && _nodes.Add(node)) ? node : null;
    }
}
