using Platform.Observatory.Otlp;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Traces;

/// <summary>Builds the details of the selected span.</summary>
internal sealed class SpanDetailsBuilder(ulong traceStart, SpanTimes times, UsualTimes usual)
{
    public SpanDetails Build(StoredSpan span)
    {
        var message = span.Parse();
        return new SpanDetails(
            span.Name,
            Ids.Span(span.SpanId),
            ServiceName.Of(span.Origin.Service),
            WaterfallRows.KindOf(span.Kind),
            Format.Duration(span.Start - traceStart),
            Format.Duration(span.End - span.Start),
            usual.Of(span) is { } median ? Format.Duration(median) : "",
            Format.Duration(times.SelfNanos(span)),
            times.Wait(span) is { } wait ? Format.Duration(wait.End - wait.Start) : "",
            span.Failed,
            message.Status?.Message ?? "",
            span.Received,
            ValueText.Pairs(message.Attributes),
            [
                .. message.Events.Select(item => new SpanEvent(
                    Format.Duration(item.TimeUnixNano > traceStart ? item.TimeUnixNano - traceStart : 0),
                    item.Name,
                    ValueText.Pairs(item.Attributes)
                )),
            ],
            [.. message.Links.Select(link => new SpanLink(Ids.Hex(link.TraceId), Ids.Hex(link.SpanId)))],
            ValueText.Pairs(span.Origin.Resource.Resource.Attributes)
        );
    }
}
