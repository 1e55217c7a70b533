namespace Platform.Testing.Tests;

/// <summary>The assertions on a trace, by traces that are made here; Platform.Tests has them on real ones.</summary>
public sealed class TraceTests
{
    private const string Secret = "4242424242424242";

    [Fact]
    public void Trace_Whole_MeetsAllAssertions()
    {
        var trace = Order();

        trace
            .AssertServices("gateway", "orders", "payments")
            .AssertHop(("orders", "send orders"), ("payments", "process payments.order-placed"))
            .AssertWhole()
            .AssertNoSecret(Secret);
    }

    [Fact]
    public void Services_OneMissing_NamesTheHopAndPrintsTheTree()
    {
        var failure = Fails(() => Order(span => span.Service != "payments").AssertServices("gateway", "orders", "payments"));

        Assert.Contains("missing hop orders -> payments: no span of payments", failure, StringComparison.Ordinal);
        Assert.Contains(
            string.Join(
                Environment.NewLine,
                "gateway: POST /api/orders <server>",
                "  orders: POST /api/orders <server>",
                "    orders: send"
            ),
            failure,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Hop_OtherParent_SaysWhereTheSpanIs()
    {
        var failure = Fails(() =>
            Order(parentOfPayments: "02").AssertHop(("orders", "send orders"), ("payments", "process payments.order-placed"))
        );

        Assert.Contains(
            "missing hop orders -> payments: \"process payments.order-placed\" of payments is not below \"send orders\" but "
                + "below \"POST /api/orders\" of orders",
            failure,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Hop_SpanMissing_IsNamed() =>
        Assert.Contains(
            "missing hop orders -> worker: no span \"process worker.order-paid\" of worker below \"send orders\"",
            Fails(() => Order().AssertHop(("orders", "send orders"), ("worker", "process worker.order-paid"))),
            StringComparison.Ordinal
        );

    [Fact]
    public void Whole_ParentMissing_NamesTheOrphanAndItsParent()
    {
        var failure = Fails(() => Order(parentOfPayments: "ff").AssertWhole());

        Assert.Contains(
            "missing hop to payments: \"process payments.order-placed\" is an orphan: its parent ff",
            failure,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "payments: process payments.order-placed <consumer> (its parent ff is not here)",
            failure,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Whole_CallersSpanOutside_IsNoOrphan() => Order(parentOfRoot: "aa").AssertWhole(callersSpan: "aa");

    /// <summary>Each service exports when it likes: the first span may be the last to arrive.</summary>
    [Fact]
    public void Begins_WithoutItsFirstSpanOrWithAnOrphan_NotYet()
    {
        Assert.True(Order().BeginsHere);
        Assert.False(new Trace("t", [.. Order().Skip(1)], []).BeginsHere);
        Assert.False(Order(parentOfPayments: "ff").BeginsHere);
    }

    [Fact]
    public void Whole_TwoRoots_AreNamed() =>
        Assert.Contains("one root, and not 2", Fails(() => Order(parentOfPayments: null).AssertWhole()), StringComparison.Ordinal);

    [Fact]
    public void Whole_SpanTwice_IsNamed()
    {
        var spans = Order().ToList();

        Assert.Contains(
            "arrived more than once",
            Fails(() => new Trace("t", [.. spans, spans[1]], []).AssertWhole()),
            StringComparison.Ordinal
        );
        Assert.Contains("arrived more than once", Fails(() => new Trace("t", spans, ["02"]).AssertWhole()), StringComparison.Ordinal);
    }

    [Fact]
    public void Whole_CallersSpanLost_IsNamed() =>
        Assert.Contains(
            "does not continue the caller's span aa",
            Fails(() => Order().AssertWhole(callersSpan: "aa")),
            StringComparison.Ordinal
        );

    [Fact]
    public void Whole_SpanBelowItself_IsNamedAndPrinted() =>
        Assert.Contains(
            "\"process payments.order-placed\" of payments is its own ancestor",
            Fails(() => Order(parentOfPayments: "04").AssertWhole()),
            StringComparison.Ordinal
        );

    [Fact]
    public void NoSecret_Empty_IsRefused() => Assert.Throws<ArgumentException>(() => Order().AssertNoSecret(""));

    [Fact]
    public void NoSecret_SecretInAnAttribute_SaysWhereAndNotWhat()
    {
        var failure = Fails(() => Order(card: "card " + Secret).AssertNoSecret(Secret));

        Assert.Contains("payment.card of payments", failure, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, failure, StringComparison.Ordinal);
    }

    private static string Fails(Func<Trace> assertion) => Assert.Throws<TraceAssertionException>(assertion).Message;

    private static Trace Order(
        Func<Span, bool>? keep = null,
        string? parentOfRoot = null,
        string? parentOfPayments = "03",
        string card = "a card"
    ) =>
        new(
            "t",
            [
                .. new[]
                {
                    Span("gateway", "01", parentOfRoot, "POST /api/orders", "server"),
                    Span("orders", "02", "01", "POST /api/orders", "server"),
                    Span("orders", "03", "02", "send orders", "producer"),
                    Span(
                        "payments",
                        "04",
                        parentOfPayments,
                        "process payments.order-placed",
                        "consumer",
                        (" attributes payment.card", card)
                    ),
                }.Where(keep ?? (_ => true)),
            ],
            []
        );

    private static Span Span(
        string service,
        string id,
        string? parent,
        string name,
        string kind,
        params IReadOnlyList<(string Where, string Text)> texts
    ) => new(service, "", "", "t", id, parent, name, kind, 0, false, new Dictionary<string, string>(), [], texts);
}
