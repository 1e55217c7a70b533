using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Traces;

/// <summary>A trace by service, with the part of each on the critical path.</summary>
internal static class ServiceShares
{
    private const int MaxServices = 30;

    public static IReadOnlyList<ServiceShare> Of(IReadOnlyList<TreeNode> nodes, CriticalPath path, SpanTimes times, double whole)
    {
        var waited = path.Waits.Sum(wait => (double)(wait.End - wait.Start));
        return
        [
            .. nodes
                .GroupBy(node => node.Span.Origin.Service, node => node.Span, StringComparer.Ordinal)
                .Take(MaxServices)
                .Select(service => Share(service.Key, [.. service], path, times, whole)),
            .. waited > 0
                ? [new ServiceShare("nothing ran", "waiting", Format.Number(waited / whole * 100), Format.Duration(waited), "", "", "")]
                : Array.Empty<ServiceShare>(),
        ];
    }

    private static ServiceShare Share(string service, List<StoredSpan> spans, CriticalPath path, SpanTimes times, double whole)
    {
        var onPath = spans.Sum(span => path.Of(span).Sum(part => (double)(part.End - part.Start)));
        var failed = spans.Count(span => span.Failed);
        return new ServiceShare(
            service,
            ServiceName.ClassOf(service),
            Format.Number(onPath / Math.Max(1, whole) * 100),
            Format.Duration(onPath),
            Format.Duration(spans.Sum(times.SelfNanos)),
            Format.Count(spans.Count),
            failed > 0 ? Format.Count(failed) : ""
        );
    }
}
