using Google.Protobuf;
using Google.Protobuf.Collections;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Forward;

/// <summary>A request without the items that the intake rejected. Rejections are rare, so this may parse the request.</summary>
internal static class AcceptedItems
{
    public static byte[] Of(Signal signal, ReadOnlySpan<byte> body)
    {
        if (signal == Signal.Traces)
        {
            var traces = ExportTraceServiceRequest.Parser.ParseFrom(body);

            foreach (var scope in traces.ResourceSpans.SelectMany(group => group.ScopeSpans))
            {
                Keep(scope.Spans, span => SpanIds.RejectionReason(span) is null, ItemLimits.Apply);
            }

            return traces.ToByteArray();
        }

        var logs = ExportLogsServiceRequest.Parser.ParseFrom(body);

        foreach (var scope in logs.ResourceLogs.SelectMany(group => group.ScopeLogs))
        {
            Keep(scope.LogRecords, log => SpanIds.RejectionReason(log) is null, ItemLimits.Apply);
        }

        return logs.ToByteArray();
    }

    private static void Keep<T>(RepeatedField<T> items, Func<T, bool> isGood, Action<T> cut)
        where T : IMessage<T>
    {
        var good = items.Where(isGood).ToList();
        good.ForEach(cut);
        items.Clear();
        items.AddRange(good.Where(item => item.CalculateSize() <= ItemLimits.MaxItemBytes));
    }
}
