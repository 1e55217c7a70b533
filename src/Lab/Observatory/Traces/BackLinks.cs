using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Traces;

/// <summary>Spans of other traces that name a trace in a link: a webhook, a scheduled run, a batch.</summary>
internal static class BackLinks
{
    private const int MaxLinks = 20;

    // How many spans are searched for the id, the newest first; only a span that contains it is parsed.
    private const int MaxSearched = 200_000;

    public static IReadOnlyList<TraceLink> To(UInt128 trace, StoredSpan[] all)
    {
        var id = Convert.FromHexString(Ids.Trace(trace));
        var links = new List<TraceLink>();

        for (var index = all.Length - 1; index >= Math.Max(0, all.Length - MaxSearched) && links.Count < MaxLinks; index--)
        {
            var span = all[index];

            if (
                span.TraceId != trace
                && span.Payload.AsSpan().IndexOf(id) >= 0
                && span.Parse().Links.Any(link => link.TraceId.Span.SequenceEqual(id))
            )
            {
                links.Add(new TraceLink(span.Name, span.Origin.Service, $"/traces/{Ids.Trace(span.TraceId)}?span={Ids.Span(span.SpanId)}"));
            }
        }

        return links;
    }
}
