using System.Text.Json;
using Platform.Observatory.Alerts;
using Platform.Observatory.Envelopes;
using Platform.Observatory.History;
using Platform.Observatory.Issues;
using Platform.Observatory.Receiving;
using Platform.Observatory.Releases;
using Platform.Observatory.Text;

namespace Platform.Observatory.Recovery;

/// <summary>Replays the records of the error log into the stores, with their original times.</summary>
internal sealed class ErrorRecords(EnvelopeContents envelopes, IssueStore issues, DeployStore deploys, AlertStore alerts)
{
    /// <summary>False when the record is intact but cannot be used.</summary>
    public bool TryApply(HistoryRecord record)
    {
        try
        {
            Apply(record);
            return true;
        }
        catch (Exception exception) when (exception is RefusedException or JsonException or InvalidOperationException)
        {
            // Counted by the caller: limits may be smaller than they were, or a later version wrote this. InvalidOperationException is how
            // JsonElement reports text that is not UTF-8.
            return false;
        }
    }

    private void Apply(HistoryRecord record)
    {
        switch (record.Kind)
        {
            case RecordKind.Envelope:
                envelopes.Replay(record);
                break;
            case RecordKind.IssueStatus:
                ApplyStatus(record);
                break;
            case RecordKind.Deploy:
                deploys.Announce(Release(record), record.Time);
                break;
            case RecordKind.ReleaseSeen:
                var seen = Release(record);
                deploys.Observe(
                    seen.Service,
                    seen.Release,
                    seen.Environment,
                    seen.Instances.Count > 0 ? seen.Instances[0] : null,
                    record.Time
                );
                break;
            case RecordKind.Alerts:
                alerts.Apply(Alerts(record), record.Time);
                break;
            default:
                throw new RefusedException(Refusal.UnsupportedType, "A record of this kind is not known.");
        }
    }

    private Announcement Release(HistoryRecord record)
    {
        var release = JsonSerializer.Deserialize<Announcement>(record.Body.Span, JsonSerializerOptions.Web);

        // A missing property is null here, whatever its type says.
        if (release is not { Service: not null, Release: not null, Instances: not null } || release.Instances.Contains(null!))
        {
            throw new JsonException("The record is not complete.");
        }

        issues.ObserveRelease(release.Release, record.Time);
        return release;
    }

    private static List<Alert> Alerts(HistoryRecord record) =>
        JsonSerializer.Deserialize<List<Alert>>(record.Body.Span, JsonSerializerOptions.Web) is { } alerts
        && alerts.TrueForAll(alert => alert is { Fingerprint: not null, Name: not null, Service: not null, Severity: not null })
            // An earlier version knew neither.
            ? [.. alerts.Select(alert => alert with { Expression = alert.Expression ?? "", Exemplars = alert.Exemplars ?? "" })]
            : throw new JsonException("The record is not complete.");

    // The issue may have been evicted.
    private void ApplyStatus(HistoryRecord record)
    {
        using var document = JsonDocument.Parse(record.Body);

        if (
            JsonRead.Text(document.RootElement, "id") is { } id
            && IssueStatuses.Parse(JsonRead.Text(document.RootElement, "status")) is { } status
        )
        {
            issues.SetStatus(id, status, record.Time);
        }
    }
}
