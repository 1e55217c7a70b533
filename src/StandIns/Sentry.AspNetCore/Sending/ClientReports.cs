namespace Sentry.Sending;

/// <summary>Counts what was not sent, and why; the counts travel with the next envelope.</summary>
internal sealed class ClientReports(bool enabled)
{
    private readonly Lock _lock = new();

    // Bounded: a fixed set of reasons times two categories.
    private Dictionary<(string Reason, string Category), long> _discarded = [];

    public void Record(string reason, string category, long quantity = 1)
    {
        if (!enabled)
        {
            return;
        }

        lock (_lock)
        {
            _discarded[(reason, category)] = _discarded.GetValueOrDefault((reason, category)) + quantity;
        }
    }

    public IReadOnlyDictionary<(string Reason, string Category), long> Take()
    {
        lock (_lock)
        {
            var taken = _discarded;
            _discarded = [];
            return taken;
        }
    }

    /// <summary>Puts back what an envelope that failed carried.</summary>
    public void Restore(IReadOnlyDictionary<(string Reason, string Category), long> report)
    {
        foreach (var ((reason, category), quantity) in report)
        {
            Record(reason, category, quantity);
        }
    }

    public static EnvelopeItem ToItem(IReadOnlyDictionary<(string Reason, string Category), long> report) =>
        new("client_report", "internal", null, EventJson.Write(writer =>
        {
            writer.WriteString("timestamp", DateTimeOffset.UtcNow);
            writer.WriteStartArray("discarded_events");
            foreach (var ((reason, category), quantity) in report)
            {
                writer.WriteStartObject();
                writer.WriteString("reason", reason);
                writer.WriteString("category", category);
                writer.WriteNumber("quantity", quantity);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }));
}
