using Platform.Observatory.Releases;
using Platform.Observatory.Text;

namespace Platform.Observatory.Issues;

/// <summary>An event in the API, with its links.</summary>
internal sealed record EventResponse(
    string EventId,
    string IssueId,
    DateTimeOffset Time,
    string Level,
    string Type,
    string Value,
    string Culprit,
    string Service,
    string? Release,
    string? Environment,
    string? User,
    string? Tenant,
    string? RequestId,
    string? TraceId,
    string? SpanId,
    IReadOnlyDictionary<string, string> Tags,
    EventDetails Details,
    EventLinks Links
)
{
    public static EventResponse Of(ErrorEvent item) =>
        new(
            item.EventId,
            item.IssueId,
            item.Time,
            item.Level,
            item.Type,
            item.Value,
            item.Culprit,
            item.Service,
            item.Release,
            item.Environment,
            item.User,
            item.Tenant,
            item.RequestId,
            item.TraceId == UInt128.Zero ? null : Ids.Trace(item.TraceId),
            item.SpanId == 0 ? null : Ids.Span(item.SpanId),
            item.Tags.GroupBy(tag => tag.Key, StringComparer.Ordinal).ToDictionary(tag => tag.Key, tag => tag.First().Value),
            EventDetails.Of(item),
            EventLinks.Of(item)
        );
}

/// <summary>Trace and logs are null for an event without a trace, deploy for one without a release.</summary>
internal sealed record EventLinks(string? Trace, string? Logs, string Issue, string? Deploy, string Page, string? TracePage)
{
    public static EventLinks Of(ErrorEvent item)
    {
        var trace = item.TraceId == UInt128.Zero ? null : Ids.Trace(item.TraceId);
        return new EventLinks(
            trace is null ? null : $"/api/telemetry/traces/{trace}",
            trace is null ? null : $"/api/telemetry/logs?traceId={trace}",
            $"/api/issues/{item.IssueId}",
            item.Release is null ? null : DeployLinks.Of(item.Service, item.Release),
            $"/issues/{item.IssueId}",
            trace is null ? null : $"/traces/{trace}"
        );
    }
}
