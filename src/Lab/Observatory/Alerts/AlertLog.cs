using System.Text.Json;
using Platform.Observatory.History;

namespace Platform.Observatory.Alerts;

/// <summary>Writes alerts to the store and to the history, so that they survive a restart.</summary>
internal sealed class AlertLog(AlertStore store, HistoryLog history, TimeProvider time)
{
    public void Write(IReadOnlyList<Alert> alerts)
    {
        var now = time.GetUtcNow();
        store.Apply(alerts, now);

        // The one that always fires comes every minute, and is of no use later.
        var kept = alerts.Where(alert => alert.Name != Alert.Watchdog).ToList();
        if (kept.Count > 0)
        {
            history.Offer(RecordKind.Alerts, now, JsonSerializer.SerializeToUtf8Bytes(kept, JsonSerializerOptions.Web));
        }
    }
}
