using Platform.Observatory.Query;
using Platform.Observatory.Requests;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Map;

internal sealed class MapBuilder(TelemetryStore store)
{
    private const int MaxName = 17;
    private const double Thinnest = 1.4;
    private const double Thickest = 4.5;

    public MapView Build(TimeRange range)
    {
        var spans = store.Spans.Snapshot();
        var window = Window.Of(range, spans);
        var graph = new MapGraph(spans, window);
        var requests = new WindowRequests(spans, window);
        var services = requests.Services.ToDictionary(service => service.Service, service => service.Series, StringComparer.Ordinal);
        var current = graph.Edges.Where(edge => edge.Value.Calls > 0).ToList();
        var nodes = current.SelectMany(edge => new[] { edge.Key.From, edge.Key.To }).Distinct().ToList();
        var layout = new MapLayout(nodes, [.. current.Select(edge => edge.Key)]);
        var labels = new EdgeLabels(layout, nodes);
        var most = current.Select(edge => edge.Value.Calls).DefaultIfEmpty(1).Max();

        // The worst edge gets the first choice of a label position.
        var edges = current
            .OrderByDescending(edge => edge.Value.IsBad)
            .ThenByDescending(edge => edge.Value.Factor)
            .ThenBy(edge => edge.Key.From.Name, StringComparer.Ordinal)
            .ThenBy(edge => edge.Key.To.Name, StringComparer.Ordinal)
            .Select(edge => Edge(edge.Key, edge.Value, most, graph.Length, layout, labels, range))
            .ToList();
        return new MapView
        {
            Range = range,
            Description =
                $"From {Format.Count(graph.SampledCalls, "call", "calls")} of the last {Format.Length(graph.Length)}. "
                + "Line weight is the rate, dashes are messages, red is outside of what is usual",
            Width = Format.Number(layout.Width),
            Height = Format.Number(layout.Height),
            Nodes = [.. nodes.Select(node => Node(node, current, services, layout, graph.Length, range))],
            Edges = edges,
        };
    }

    private static EdgeView Edge(
        MapEdge edge,
        EdgeFigures figures,
        int most,
        TimeSpan window,
        MapLayout layout,
        EdgeLabels labels,
        TimeRange range
    )
    {
        var curve = new EdgeCurve(layout.Of(edge.From), layout.Of(edge.To));
        var (rate, p95) = (Format.Rate(figures.Calls / window.TotalSeconds), Format.Duration((figures.Series.P95 ?? 0) * 1e6));
        return new EdgeView(
            Party(edge.From),
            Party(edge.To),
            curve.Path,
            Format.Number(Thinnest + ((Thickest - Thinnest) * Math.Sqrt(figures.Calls / (double)most))),
            edge.From.Kind == NodeKind.Queue || edge.To.Kind == NodeKind.Queue,
            figures.Series.HasMoreErrors,
            figures.Series.IsSlower,
            rate,
            figures.Series.Errors > 0 ? Format.Percent(figures.Series.ErrorShare ?? 0) : "",
            p95,
            figures.Series.UsualP95 is { } usual ? Format.Duration(usual * 1e6) : "",
            Traces(edge, range),
            labels.Place(
                figures.Series.HasMoreErrors ? Format.Percent(figures.Series.ErrorShare ?? 0)
                    : figures.Series.IsSlower ? p95
                    : rate,
                curve
            )
        );
    }

    private static NodeView Node(
        MapNode node,
        List<KeyValuePair<MapEdge, EdgeFigures>> edges,
        Dictionary<string, Series> services,
        MapLayout layout,
        TimeSpan window,
        TimeRange range
    )
    {
        var (x, y) = layout.Of(node);
        var incoming = edges.Where(edge => edge.Key.To == node).Select(edge => edge.Value).ToList();
        var calls = incoming.Sum(edge => edge.Calls);
        var slowest = incoming.Select(edge => edge.Series.P95).Max();
        var own = node.Kind == NodeKind.Service ? services.GetValueOrDefault(node.Name) : null;
        var name = node.Kind == NodeKind.Queue ? node.Name[(node.Name.IndexOf('.', StringComparison.Ordinal) + 1)..] : node.Name;
        return new NodeView(
            Format.Number(x),
            Format.Number(y),
            name.Length <= MaxName ? name : name[..(MaxName - 1)] + "…",
            node.Name,
            own is { P95: { } p95 } ? ServiceText(own, p95)
                : node.Kind == NodeKind.Queue ? $"queue, {Format.Rate(calls / window.TotalSeconds)}"
                : calls == 0 ? ""
                : CallsText(calls / window.TotalSeconds, slowest),
            own is { } series && (series.HasMoreErrors || series.IsSlower),
            node.Kind == NodeKind.Queue,
            Party(node).Class,
            Traces(node, range)
        );
    }

    private static string ServiceText(Series series, double p95)
    {
        var errors = series.Errors > 0 ? $", {Format.Percent(series.ErrorShare ?? 0)}" : "";
        return $"{Format.Duration(p95 * 1e6)} p95{errors}";
    }

    private static string CallsText(double perSecond, double? p95)
    {
        var duration = p95 is { } milliseconds ? $", {Format.Duration(milliseconds * 1e6)}" : "";
        return Format.Rate(perSecond) + duration;
    }

    private static MapParty Party(MapNode node) =>
        node.Kind switch
        {
            NodeKind.Outside => new MapParty(node.Name, "outside", "outside"),
            NodeKind.Queue => new MapParty(node.Name, "queue", "server"),
            NodeKind.Database => new MapParty(node.Name, "server", "server"),
            _ => new MapParty(node.Name, "", ServiceName.ClassOf(node.Name)),
        };

    private static string Traces(MapNode node, TimeRange range) =>
        node.Kind == NodeKind.Service
            ? Addresses.Traces(("resource", node.Name), Range(range), ("from", From(range)), ("to", To(range)))
            : Addresses.Traces(("search", Term(node)), Range(range), ("from", From(range)), ("to", To(range)));

    private static string Traces(MapEdge edge, TimeRange range) =>
        Addresses.Traces(
            ("resource", edge.From.Kind == NodeKind.Queue ? edge.To.Name : edge.From.Name),
            ("search", Term(edge.From.Kind == NodeKind.Queue ? edge.From : edge.To)),
            Range(range),
            ("from", From(range)),
            ("to", To(range))
        );

    private static string Term(MapNode node) =>
        node.Kind switch
        {
            NodeKind.Database => $"db.system.name={Filter.Quote(node.Name)}",
            NodeKind.Queue => $"messaging.destination.name={Filter.Quote(node.Name)}",
            NodeKind.Outside => $"{node.Attribute}={Filter.Quote(node.Name)}",
            _ => $"service={Filter.Quote(node.Name)}",
        };

    private static (string Name, string? Value) Range(TimeRange range) => ("range", range.Name);

    private static string? From(TimeRange range) => range.IsFixed ? Format.Iso(range.FromNanos) : null;

    private static string? To(TimeRange range) => range.IsFixed ? Format.Iso(range.ToNanos) : null;
}
