using Microsoft.Extensions.Options;
using Platform.Observatory.Forward;
using Platform.Observatory.History;
using Platform.Observatory.Issues;
using Platform.Observatory.Receiving;
using Platform.Observatory.Scrubbing;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Envelopes;

/// <summary>
/// Accepts or rejects an envelope as a whole: all kept items are parsed before the first is stored. Other items are only counted.
/// </summary>
internal sealed class EnvelopeIntake(
    EnvelopeContents contents,
    ItemCounters counters,
    EventRate rate,
    HistoryLog history,
    Forwarder forwarder,
    IOptions<ObservatoryOptions> options
)
{
    public const string EventType = "event";
    private const int MaxCheckInBytes = 100 << 10;
    private const int MaxSessionBytes = 100 << 10;
    private const int MaxClientReportBytes = 4 << 10;
    private const int MaxSessions = 100;

    /// <summary>The event id for the response; null when the envelope has none.</summary>
    public string? Accept(Envelope envelope, DateTimeOffset receivedAt)
    {
        if (envelope.Items.Count(item => item.Type is EventType or "transaction") > 1)
        {
            throw new RefusedException(Refusal.Malformed, "Invalid envelope: it may hold one event or one transaction.");
        }

        if (envelope.Items.Count(item => item.Type is "session" or "sessions") > MaxSessions)
        {
            throw new RefusedException(Refusal.TooLarge, $"The envelope has more than {MaxSessions} sessions.");
        }

        var kept = envelope
            .Items.Where(item => LimitOf(item.Type) is not null)
            .Select(item => item with { Payload = JsonScrubber.Scrub(Checked(item)) })
            .ToList();
        var error = kept.Find(item => item.Type == EventType) is { } item
            ? EventReader.Read(item.Payload, envelope.EventId, receivedAt)
            : null;

        if (error is not null)
        {
            rate.Take();
        }

        foreach (var any in envelope.Items)
        {
            counters.AddItem(any.Type);
        }

        contents.Store(kept, error, receivedAt);
        var id = error?.EventId ?? envelope.EventId;

        if (kept.Count > 0)
        {
            var written = EnvelopeWriter.Write(id, kept);
            history.Offer(RecordKind.Envelope, receivedAt, written);

            if (error is not null)
            {
                forwarder.OfferEnvelope(written);
            }
        }

        return id;
    }

    private ReadOnlyMemory<byte> Checked(EnvelopeItem item)
    {
        var limit = LimitOf(item.Type)!.Value;
        return item.Payload.Length <= limit
            ? item.Payload
            : throw new RefusedException(Refusal.TooLarge, $"An item of type {item.Type} is larger than {limit} bytes.");
    }

    private int? LimitOf(string type) =>
        type switch
        {
            EventType => options.Value.MaxEventBytes,
            "check_in" => MaxCheckInBytes,
            "session" or "sessions" => MaxSessionBytes,
            "client_report" => MaxClientReportBytes,
            _ => null,
        };
}
