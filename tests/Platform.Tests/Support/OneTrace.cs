namespace Platform.Tests.Support;

/// <summary>What "one order is one trace" means; returns what is wrong, so that a control can show that it would be noticed.</summary>
public static class OneTrace
{
    public const int MaxSpans = 60;

    /// <summary>The last span of a fulfilled order.</summary>
    public const string LastSpan = "process orders.order-fulfilled";

    private static readonly string[] Steps = ["price_order", "reserve_stock", "charge_card", "write_fraud_note", "send_receipt"];

    public static IReadOnlyList<string> Violations(IReadOnlyList<Span> spans, string? callersSpan = null)
    {
        var problems = new List<string>();
        var ids = spans.Select(span => span.SpanId).ToHashSet();
        var roots = spans.Where(span => span.ParentSpanId is null || !ids.Contains(span.ParentSpanId)).ToList();
        Check(roots.Count == 1, $"one span has its parent outside the trace, not {roots.Count}: {string.Join(", ", roots)}");
        Check(
            roots.All(root => root is { Service: "gateway", Kind: "server" }),
            $"the root is the gateway's server span, not {string.Join(", ", roots)}"
        );
        Check(roots.All(root => root.ParentSpanId == callersSpan), "the root's parent is the caller's span");
        Check(spans.Select(span => span.TraceId).Distinct().Count() == 1, "all spans have one trace id");
        Check(ids.Count == spans.Count, "each span id is there once");
        Check(spans.Count <= MaxSpans, $"at most {MaxSpans} spans, not {spans.Count}");
        foreach (var service in PlatformFixture.Services)
        {
            Check(spans.Any(span => span.Service == service), $"{service} has spans");
        }

        foreach (var kind in new[] { "server", "client", "producer", "consumer", "internal" })
        {
            Check(spans.Any(span => span.Kind == kind), $"there are {kind} spans");
        }

        Check(spans.Any(span => span["db.system.name"] == "postgresql"), "there are database spans");
        Check(TellsOfTheCache(spans), "there are Redis spans, or it is said that the cache was given up");
        foreach (var step in Steps)
        {
            Check(spans.Any(span => span.Name == step), $"there is a span {step}");
        }

        return problems;

        void Check(bool holds, string what)
        {
            if (!holds)
            {
                problems.Add(what);
            }
        }
    }

    /// <summary>
    /// First and last span are there, those of Redis, which are made a second later, and no parent is missing that may still be on its way:
    /// each service exports when it likes.
    /// </summary>
    public static bool LooksComplete(IReadOnlyList<Span> spans)
    {
        var ids = spans.Select(span => span.SpanId).ToHashSet();
        return spans.Any(span => span.Name == LastSpan)
            && PlatformFixture.Services.All(service => spans.Any(span => span.Service == service))
            && TellsOfTheCache(spans)
            && spans.Any(span => span is { Service: "gateway", Kind: "server" })
            && spans.Count(span => span.ParentSpanId is null || !ids.Contains(span.ParentSpanId)) == 1;
    }

    private static bool TellsOfTheCache(IReadOnlyList<Span> spans) =>
        spans.Any(span => span["db.system.name"] == "redis") || spans.Any(span => span["platform.cache.fallback"] is not null);
}
