using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Requests;
using Platform.Observatory.Text;

namespace Platform.Observatory.Traces;

/// <summary>Traces by an attribute or a field: a trace belongs to the first value that one of its spans has.</summary>
internal static class TraceGroupsBuilder
{
    // Finding the value parses a span in most traces, so only the newest are grouped.
    private const int MaxTraces = 5_000;
    private const int MaxRows = 12;

    public static TraceGrouping? Build(IReadOnlyList<TraceSummary> traces, string by, string search, string address)
    {
        if (by.Length == 0)
        {
            return null;
        }

        var field = FilterField.Of(by, Signal.Traces);
        var grouped = traces
            .TakeLast(MaxTraces)
            .GroupBy(trace => ValueOf(trace, field), StringComparer.OrdinalIgnoreCase)
            .OrderByDescending(group => group.Count())
            .ThenBy(group => group.Key, StringComparer.Ordinal)
            .ToList();
        var total = grouped.Sum(group => group.Count());
        var others = grouped.Skip(MaxRows).ToList();
        var ofOthers = others.Sum(group => group.Count());
        return new TraceGrouping(
            by,
            [.. grouped.Take(MaxRows).Select(group => Row(group.Key, [.. group], by, total, search, address))],
            (
                others.Count > 0
                    ? $"{Format.Count(others.Count, "other value", "other values")} with {Format.Count(ofOthers, "trace", "traces")}. "
                    : ""
            ) + (total < traces.Count ? $"Of the newest {Format.Count(total)} traces." : "")
        );
    }

    private static TraceGroupRow Row(string value, List<TraceSummary> traces, string by, int total, string search, string address)
    {
        var term = $"{search} {by}={Filter.Quote(value)}".Trim();
        return new TraceGroupRow(
            value,
            Filter.TryParse(term, Signal.Traces, out _, out _)
                ? Addresses.With(address, ("search", term), ("by", null), ("page", null))
                : "",
            Format.Count(traces.Count),
            Format.Number(100.0 * traces.Count / total),
            Format.Duration(Verdict.P95([.. traces.Select(trace => (double)trace.Duration).Order()])),
            traces.Count(trace => trace.Errors > 0) is var failed and > 0 ? Format.Percent(failed / (double)traces.Count) : ""
        );
    }

    private static string ValueOf(TraceSummary trace, FilterField field)
    {
        foreach (var span in trace.Spans)
        {
            foreach (var value in field.ValuesOf(new RecordView(span)))
            {
                if (ValueText.Of(value) is { Length: > 0 } text)
                {
                    return text;
                }
            }
        }

        return "";
    }
}
