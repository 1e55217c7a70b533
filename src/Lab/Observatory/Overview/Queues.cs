using System.Text;
using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Requests;
using Platform.Observatory.Store;

namespace Platform.Observatory.Overview;

/// <summary>
/// Messages by queue and receiver, and their time in the queue: from the end of the sender's span to the start of the receiver's, where
/// both are in the store.
/// </summary>
internal static class Queues
{
    private const string Destination = "messaging.destination.name";

    // A sender that generates names fills the list and no more.
    private const int MaxQueues = 20;
    private static readonly byte[] DestinationUtf8 = Encoding.UTF8.GetBytes(Destination);

    public static IReadOnlyList<QueueMessages> Of(StoredSpan[] spans, Window window)
    {
        // Both bounded by the spans of the store.
        var sent = new Dictionary<(UInt128 Trace, ulong Span), ulong>();
        var received = new List<StoredSpan>();

        foreach (var span in spans)
        {
            if (span.Kind == Span.Types.SpanKind.Producer)
            {
                sent[(span.TraceId, span.SpanId)] = span.End;
            }
            else if (span.Kind == Span.Types.SpanKind.Consumer && window.Contains(span.Start))
            {
                received.Add(span);
            }
        }

        var queues = new Dictionary<(string Queue, string Receiver), QueueMessages>();
        var values = new List<AnyValue>();

        foreach (var span in received)
        {
            values.Clear();
            PackedRecord.AddValues(span, Destination, DestinationUtf8, values);

            if (values.Count == 0 || ValueText.Whole(values[0]) is not { Length: > 0 } name)
            {
                continue;
            }

            if (!queues.TryGetValue((name, span.Origin.Service), out var queue))
            {
                if (queues.Count == MaxQueues)
                {
                    continue;
                }

                queues.Add(
                    (name, span.Origin.Service),
                    queue = new QueueMessages(name, span.Origin.Service, new Series(window), new Series(window))
                );
            }

            queue.Messages.Add(span);

            if (sent.TryGetValue((span.TraceId, span.ParentId), out var end))
            {
                queue.Waits.Add(span.Start, span.Start > end ? (span.Start - end) / 1e6 : 0, failed: false);
            }
        }

        return [.. queues.Values];
    }
}

/// <summary>Received messages with their processing times; for those whose sender is known, how long they waited.</summary>
internal sealed record QueueMessages(string Queue, string Receiver, Series Messages, Series Waits);
