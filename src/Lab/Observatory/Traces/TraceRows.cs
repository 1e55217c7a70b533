using Platform.Observatory.Charts;
using Platform.Observatory.Text;

namespace Platform.Observatory.Traces;

internal static class TraceRows
{
    private const int MaxBars = 40;
    private const int MaxServices = 8;

    public static TraceRow Row(TraceSummary trace, DateTimeOffset now) =>
        new(
            Ids.Trace(trace.Root.TraceId),
            Format.Moment(trace.Start, now),
            trace.Name,
            [
                .. trace
                    .Spans.OrderBy(span => span.Start)
                    .Select(span => span.Origin.Service)
                    .Distinct(StringComparer.Ordinal)
                    .Take(MaxServices)
                    .Select(name => ServiceName.Of(name)),
            ],
            Format.Duration(trace.Duration),
            Format.Count(trace.Spans.Count),
            trace.Errors,
            Bars(trace)
        );

    // When each service was active, callees drawn over their callers; and the failures.
    private static List<Bar> Bars(TraceSummary trace)
    {
        var scale = new TimeScale(trace.Start, trace.End);
        var atWork = trace
            .Spans.GroupBy(span => span.Origin.Service)
            .OrderBy(service => service.Min(span => span.Start))
            .SelectMany(service =>
                Intervals
                    .Union(service.Select(span => (span.Start, span.End)))
                    .Select(time => scale.Bar(time.Start, time.End, ServiceName.ClassOf(service.Key)))
            );
        var failures = trace.Spans.Where(span => span.Failed).Select(span => scale.Bar(span.End, span.End, "err"));
        return [.. atWork.Take(MaxBars), .. failures.Take(MaxBars)];
    }
}
