using Platform.Observatory.Otlp;
using Platform.Observatory.Requests;
using Platform.Observatory.Store;

namespace Platform.Observatory.Traces;

/// <summary>
/// Usual durations of the spans of a trace, from spans of the same service, name and kind in other traces, and of traces of its route. Only
/// the newest spans of the store are used, and none is parsed.
/// </summary>
internal sealed class UsualTimes
{
    private const int MaxSpans = 50_000;
    private const int MinSamples = 20;
    private const double MinFactor = 1.5;
    private const double MinNanos = 5e6;
    private readonly Dictionary<(string Service, string Name, Span.Types.SpanKind Kind), (double Median, double P95)> _usual = [];

    public UsualTimes(IReadOnlyList<StoredSpan> trace, StoredSpan root, StoredSpan[] all)
    {
        var wanted = trace.Select(Key).ToHashSet();
        var times = new Dictionary<(string, string, Span.Types.SpanKind), List<double>>();
        var traces = new Dictionary<UInt128, (ulong Start, ulong End, bool IsOfRoute)>();

        foreach (var span in all.AsSpan(Math.Max(0, all.Length - MaxSpans)))
        {
            if (span.TraceId == root.TraceId)
            {
                continue;
            }

            var isRoute = span.ParentId == 0 && span.Name == root.Name && span.Origin.Service == root.Origin.Service;
            traces[span.TraceId] = traces.TryGetValue(span.TraceId, out var known)
                ? (Math.Min(known.Start, span.Start), Math.Max(known.End, span.End), known.IsOfRoute || isRoute)
                : (span.Start, span.End, isRoute);

            if (wanted.Contains(Key(span)))
            {
                if (!times.TryGetValue(Key(span), out var list))
                {
                    times.Add(Key(span), list = []);
                }

                list.Add(span.End - span.Start);
            }
        }

        foreach (var (key, list) in times.Where(pair => pair.Value.Count >= MinSamples))
        {
            _usual.Add(key, Figures(list));
        }

        var ofRoute = traces.Values.Where(known => known.IsOfRoute).Select(known => (double)(known.End - known.Start)).ToList();
        Traces = ofRoute.Count;
        Trace = ofRoute.Count >= MinSamples ? Figures(ofRoute).Median : null;
    }

    /// <summary>Number of other traces of the route.</summary>
    public int Traces { get; }

    /// <summary>Median duration of the traces of this route; null when there are too few.</summary>
    public double? Trace { get; }

    public double? Of(StoredSpan span) => _usual.TryGetValue(Key(span), out var usual) ? usual.Median : null;

    /// <summary>How much longer than usual it lasted; null for one that is as usual.</summary>
    public double? Excess(StoredSpan span) =>
        _usual.TryGetValue(Key(span), out var usual)
        && span.End - span.Start is var time
        && time > usual.P95
        && time > usual.Median * MinFactor
        && time - usual.Median > MinNanos
            ? time - usual.Median
            : null;

    private static (double Median, double P95) Figures(List<double> times)
    {
        times.Sort();
        return (times[times.Count / 2], Verdict.P95([.. times]));
    }

    private static (string Service, string Name, Span.Types.SpanKind Kind) Key(StoredSpan span) =>
        (span.Origin.Service, span.Name, span.Kind);
}
