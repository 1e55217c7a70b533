using Platform.Observatory.Store;

namespace Platform.Observatory.Query;

/// <summary>All spans of the store by trace.</summary>
internal static class TraceGroups
{
    /// <summary>Traces that match, in the order in which their first span arrived.</summary>
    public static List<List<StoredSpan>> Matching(StoredSpan[] spans, TelemetryQuery query)
    {
        var traces = new Dictionary<UInt128, List<StoredSpan>>();

        foreach (var span in spans)
        {
            if (query.TraceId is null || span.TraceId == query.TraceId)
            {
                if (!traces.TryGetValue(span.TraceId, out var trace))
                {
                    traces.Add(span.TraceId, trace = []);
                }

                trace.Add(span);
            }
        }

        return [.. traces.Values.Where(trace => Matches(trace, query)).OrderBy(trace => trace.Min(span => span.Start))];
    }

    // Each filter may be met by another span: the errors of a trace that passed through a service.
    private static bool Matches(List<StoredSpan> trace, TelemetryQuery query) =>
        (query.HasError is null || trace.Exists(span => span.HasError) == query.HasError)
        && (query.Resources.Count == 0 || trace.Exists(query.MatchesResource))
        && trace.Exists(query.MatchesTime)
        && query.Filter.MatchesTogether(trace);
}
