using System.Text.Json;
using Platform.Observatory.History;

namespace Platform.Observatory.Issues;

/// <summary>Status changes from the page and the API.</summary>
internal sealed class IssueChanges(IssueStore issues, HistoryLog history, TimeProvider time)
{
    /// <summary>The updated issue; null when there is none.</summary>
    public IssueSummary? SetStatus(string id, IssueStatus status)
    {
        var now = time.GetUtcNow();

        if (!issues.SetStatus(id, status, now))
        {
            return null;
        }

        history.Offer(RecordKind.IssueStatus, now, JsonSerializer.SerializeToUtf8Bytes(new { id, status = IssueStatuses.NameOf(status) }));
        return issues.Get(id, now)?.Issue;
    }
}
