using System.Net;
using Platform.Observatory.Map;
using Platform.Observatory.Otlp;
using static Platform.Observatory.Otlp.Span.Types;

namespace Platform.Observatory.Tests;

public sealed class MapTests
{
    private const string Range = "/map?from=2026-11-18T10:00:00Z&to=2026-11-18T10:30:00Z";
    private static readonly DateTimeOffset Begin = new(2026, 11, 18, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Map_NothingReceived_SaysWhatWouldFillIt()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        Assert.Contains("No calls in this time", await GetAsync(process, "/map"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Map_CallsOfEachKind_AreEdges()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(
            process,
            "orders",
            Span(2, 1, SpanKind.Server, 1790),
            Span(3, 2, SpanKind.Client, 1790, ("db.system.name", "postgresql"), ("server.address", "localhost")),
            Span(4, 2, SpanKind.Producer, 1790, ("messaging.destination.name", "orders")),
            Span(
                8,
                2,
                SpanKind.Producer,
                1790,
                ("messaging.destination.name", "orders"),
                ("messaging.rabbitmq.destination.routing_key", "order.unheard")
            )
        );
        await Send.TracesAsync(process, "gateway", Span(1, 0, SpanKind.Client, 1790, ("server.address", "10.0.0.7")));
        await Send.TracesAsync(
            process,
            "payments",
            Span(5, 4, SpanKind.Consumer, 1792, ("messaging.destination.name", "payments.order-placed")),
            Span(6, 5, SpanKind.Client, 1790, ("server.address", "acquirer"))
        );

        var edges = Edges(await GetAsync(process, Range));

        Assert.Equal(
            [
                "gateway to orders",
                "orders to order.unheard",
                "orders to payments.order-placed",
                "orders to postgresql",
                "payments to acquirer",
                "payments.order-placed to payments",
            ],
            edges.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Map_EdgeThatBecameSlow_IsRedFirstAndLeadsToItsTraces()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var spans = Enumerable
            .Range(0, 300)
            .SelectMany(index =>
                new[]
                {
                    Call((ulong)(index * 2) + 1, index * 6, "acquirer", index >= 240 ? 900 : 50),
                    Call((ulong)(index * 2) + 2, index * 6, "bank", 50),
                }
            );
        await Send.TracesAsync(process, "payments", [.. spans]);

        var page = await GetAsync(process, Range);

        Assert.Equal(["payments to acquirer", "payments to bank"], Edges(page));
        Assert.Equal(2, page.Split("class=\"e bad").Length);
        Assert.Contains("<td class=\"num bad\">900 ms</td>", page, StringComparison.Ordinal);
        Assert.Contains("<td class=\"num p2 dim\">50.0 ms</td>", page, StringComparison.Ordinal);
        Assert.Contains(
            "href=\"/traces?resource=payments&search=server.address%3D%22acquirer%22&from=2026-11-18T10:00:00.000Z",
            page.Replace("%3A", ":", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Map_RareCallAmongMany_KeepsItsUsualLatency()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var spans = Enumerable
            .Range(0, 30_000)
            .Select(index =>
            {
                var rare = index % 97 == 7;
                var call = Call((ulong)index + 1, index * 6 / 100, rare ? "acquirer" : "bank", rare && index >= 25_000 ? 900 : 50);
                call.Name = rare ? "POST" : "GET";
                return call;
            });

        foreach (var batch in spans.Chunk(3_000))
        {
            await Send.TracesAsync(process, "payments", batch);
        }

        var page = await GetAsync(process, Range);

        Assert.Equal(["payments to acquirer", "payments to bank"], Edges(page));
        Assert.Equal(2, page.Split("class=\"e bad").Length);
    }

    [Fact]
    public async Task Map_HtmlAndManyNames_AreEncodedAndBounded()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "<script>", [.. Enumerable.Range(1, 500).Select(id => Call((ulong)id, 1790, $"<script>{id}", 5))]);

        var page = await process.Http.GetStringAsync(new Uri(Range, UriKind.Relative), TestContext.Current.CancellationToken);

        OwnScripts.AssertNoOther(page);
        Assert.InRange(page.Split("class=\"e ").Length, 10, 61);
    }

    [Fact]
    public void Layout_SameGraphInAnotherOrder_IsTheSame()
    {
        var nodes = Enumerable.Range(0, 12).Select(index => new MapNode($"n{index}", NodeKind.Service)).ToList();
        var edges = nodes
            .SelectMany(
                (node, index) => new[] { new MapEdge(node, nodes[(index * 5 + 1) % 12]), new MapEdge(node, nodes[(index * 7 + 3) % 12]) }
            )
            .Where(edge => edge.From != edge.To)
            .ToList();

        var one = new MapLayout(nodes, edges);
        var other = new MapLayout([.. Enumerable.Reverse(nodes)], [.. Enumerable.Reverse(edges)]);

        Assert.All(nodes, node => Assert.Equal(one.Of(node), other.Of(node)));
        Assert.Equal(nodes.Count, nodes.Select(one.Of).Distinct().Count());
    }

    [Fact]
    public void Layout_Chain_GoesFromLeftToRight()
    {
        var nodes = new[] { "b", "a", "c" }.Select(name => new MapNode(name, NodeKind.Service)).ToList();

        var layout = new MapLayout(
            nodes,
            [new MapEdge(nodes[0], nodes[1]), new MapEdge(nodes[1], nodes[2]), new MapEdge(nodes[2], nodes[1])]
        );

        Assert.True(layout.Of(nodes[0]).X < layout.Of(nodes[1]).X);
        Assert.True(layout.Of(nodes[1]).X < layout.Of(nodes[2]).X);
    }

    private static Span Call(ulong id, int second, string address, int milliseconds)
    {
        var span = Span(id, 0, SpanKind.Client, second, ("server.address", address));
        span.EndTimeUnixNano = span.StartTimeUnixNano + ((ulong)milliseconds * 1_000_000);
        return span;
    }

    private static Span Span(ulong id, ulong parent, SpanKind kind, int second, params (string Key, string Value)[] attributes)
    {
        var span = Telemetry.Span(id, parent);
        span.Kind = kind;
        span.StartTimeUnixNano = (ulong)(Begin.AddSeconds(second) - DateTimeOffset.UnixEpoch).Ticks * 100;
        span.EndTimeUnixNano = span.StartTimeUnixNano + 1_000_000;
        span.Attributes.AddRange(attributes.Select(attribute => Telemetry.Attribute(attribute.Key, attribute.Value)));
        return span;
    }

    private static List<string> Edges(string page) =>
        [
            .. page.Split("\" aria-label=\"")
                .Skip(1)
                .Select(part => part.Split('"')[0])
                .Where(text => text.Contains(": ", StringComparison.Ordinal))
                .Select(text => text.Split(": ")[0]),
        ];

    private static async Task<string> GetAsync(ObservatoryProcess process, string path) =>
        WebUtility
            .HtmlDecode(await process.Http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken))
            .Replace('\u202f', ' ')
            .Replace('\u00a0', ' ');
}
