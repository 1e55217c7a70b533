using System.Text.Json;
using Platform.Observatory.History;
using Platform.Observatory.Issues;
using Platform.Observatory.Monitors;
using Platform.Observatory.Text;

namespace Platform.Observatory.Envelopes;

/// <summary>Writes the kept items of an envelope to the stores.</summary>
internal sealed class EnvelopeContents(IssueStore issues, MonitorStore monitors, ItemCounters counters)
{
    /// <summary>History records were validated and scrubbed when they were received.</summary>
    public void Replay(HistoryRecord record)
    {
        var envelope = EnvelopeReader.Read(record.Body);
        var error = envelope.Items.FirstOrDefault(item => item.Type == EnvelopeIntake.EventType) is { } item
            ? EventReader.Read(item.Payload, envelope.EventId, record.Time)
            : null;
        Store(envelope.Items, error, record.Time);
    }

    public void Store(IEnumerable<EnvelopeItem> kept, ErrorEvent? error, DateTimeOffset receivedAt)
    {
        if (error is not null)
        {
            issues.Add(error);
        }

        foreach (var item in kept.Where(item => item.Type != EnvelopeIntake.EventType))
        {
            using var document = JsonDocument.Parse(item.Payload);

            switch (item.Type)
            {
                case "check_in":
                    monitors.Add(document.RootElement, receivedAt);
                    break;
                case "client_report":
                    counters.AddLost(
                        JsonRead
                            .Items(document.RootElement, "discarded_events")
                            .Sum(lost => (long)(JsonRead.Integer(lost, "quantity") ?? 0))
                    );
                    break;
                default:
                    CountSessions(document.RootElement);
                    break;
            }
        }
    }

    private void CountSessions(JsonElement session)
    {
        var aggregates = JsonRead.Items(session, "aggregates").ToList();

        if (aggregates.Count == 0)
        {
            counters.AddSessions(
                JsonRead.Flag(session, "init") == true ? 1 : 0,
                JsonRead.Text(session, "status") is "crashed" or "unhandled" ? 1 : 0
            );
        }

        foreach (var group in aggregates)
        {
            var crashed = Count(group, "crashed") + Count(group, "unhandled");
            counters.AddSessions(crashed + Count(group, "exited") + Count(group, "errored") + Count(group, "abnormal"), crashed);
        }
    }

    private static long Count(JsonElement group, string name) => JsonRead.Integer(group, name) ?? 0;
}
