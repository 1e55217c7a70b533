using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Traces;

/// <summary>Where the time of a trace went, in a sentence: what is slower than usual, or else what the end waited for longest.</summary>
internal sealed class TraceFinding(IReadOnlyList<TreeNode> nodes, CriticalPath path, SpanTimes times, UsualTimes usual)
{
    // Above this share of the difference the child is to blame.
    private const double Most = 0.7;
    private const double NotableShare = 0.3;
    private const double NotableExcess = 0.05;
    private const double Half = 0.5;
    private const int MaxSlower = 6;

    /// <summary>Spans that took longer than usual for reasons of their own, largest difference first.</summary>
    public IReadOnlyList<(StoredSpan Span, double Excess)> Slower { get; } =
    [
        .. nodes
            .Select(node => (node.Span, Excess: usual.Excess(node.Span) ?? 0))
            .Where(slow => slow.Excess > 0 && times.Children(slow.Span).Sum(child => usual.Excess(child) ?? 0) < slow.Excess * Most)
            .OrderByDescending(slow => slow.Excess)
            .Take(MaxSlower),
    ];

    /// <summary>Empty when nothing stands out.</summary>
    public (string Time, string Name, string SpanId, string More) Sentence(double whole)
    {
        if (path.Waits.Sum(wait => (double)(wait.End - wait.Start)) is var waits && waits > whole * Half)
        {
            return Waiting(waits, whole);
        }

        if (Slower.Count > 0 && Slower[0].Excess > whole * NotableExcess)
        {
            var span = Slower[0].Span;
            var waited = Within(span).Sum(inner => times.Wait(inner) is { } wait ? (double)(wait.End - wait.Start) : 0);
            var usually = $", usually {Format.Duration(usual.Of(span)!.Value)}";
            return (
                $"{Format.Duration(span.End - span.Start)} of {Format.Duration(whole)} pass in",
                span.Name,
                Text.Ids.Span(span.SpanId),
                waited > Slower[0].Excess * NotableShare
                    ? $"{usually}; {Format.Duration(waited)} of them before the other side began"
                    : usually
            );
        }

        var longest = nodes
            .Select(node => (node.Span, Nanos: path.Of(node.Span).Sum(part => (double)(part.End - part.Start))))
            .DefaultIfEmpty()
            .MaxBy(own => own.Nanos);
        return longest.Span is null || longest.Nanos < whole * NotableShare || nodes.Count == 1
            ? ("", "", "", "")
            : (
                $"{Format.Duration(longest.Nanos)} of {Format.Duration(whole)} pass in",
                longest.Span.Name,
                Text.Ids.Span(longest.Span.SpanId),
                $", in {longest.Span.Origin.Service} itself"
            );
    }

    // Nobody's time: a queue, a timer, or the delay before the next attempt.
    private (string Time, string Name, string SpanId, string More) Waiting(double waits, double whole)
    {
        var nothing = $"In {Format.Duration(waits)} of {Format.Duration(whole)} nothing ran";
        var attempts =
            nodes
                .Select(node => node.Span)
                .Where(span => span.Failed && !times.Children(span).Any(child => child.Failed))
                .GroupBy(span => (span.Origin.Service, span.Name))
                .MaxBy(group => group.Count())
                ?.ToList()
            ?? [];

        var longest = path.Waits.MaxBy(wait => wait.End - wait.Start);

        if (attempts.Exists(attempt => attempt.End <= longest.Start) && attempts.Exists(attempt => attempt.Start >= longest.End))
        {
            return (
                $"{nothing}, between attempts of",
                attempts[^1].Name,
                Text.Ids.Span(attempts[^1].SpanId),
                $" in {attempts[^1].Origin.Service}, of which {Format.Count(attempts.Count)} failed"
            );
        }

        return nodes.FirstOrDefault(node => node.Span.Start == longest.End)?.Span is { } next
            ? ($"{nothing}, most of it before", next.Name, Text.Ids.Span(next.SpanId), $" in {next.Origin.Service}")
            : ("", "", "", "");
    }

    private IEnumerable<StoredSpan> Within(StoredSpan top)
    {
        var open = new Stack<StoredSpan>([top]);
        var seen = new HashSet<ulong>();

        while (open.TryPop(out var span))
        {
            if (seen.Add(span.SpanId))
            {
                yield return span;

                foreach (var child in times.Children(span))
                {
                    open.Push(child);
                }
            }
        }
    }
}
