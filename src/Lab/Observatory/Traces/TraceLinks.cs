using System.Text.Json;
using Platform.Observatory.Issues;
using Platform.Observatory.Releases;
using Platform.Observatory.Store;

namespace Platform.Observatory.Traces;

/// <summary>Links of a trace: its issues, and the deploys of the releases that its services ran.</summary>
internal sealed record TraceLinks(IReadOnlyList<IssueSummary> Issues, IReadOnlyList<Deploy> Deploys)
{
    private const int MaxIssues = 50;

    public static TraceLinks Of(IReadOnlyList<StoredSpan> spans, IssueStore issues, DeployStore deploys, DateTimeOffset now) =>
        Of(spans[0].TraceId, spans, issues, deploys, now);

    /// <summary>For a trace that may no longer be in the store: its errors may be.</summary>
    public static TraceLinks Of(
        UInt128 trace,
        IReadOnlyList<StoredSpan> spans,
        IssueStore issues,
        DeployStore deploys,
        DateTimeOffset now
    ) =>
        new(
            [
                .. issues
                    .EventsWhere(item => item.TraceId == trace)
                    .Select(item => item.IssueId)
                    .Distinct(StringComparer.Ordinal)
                    .Take(MaxIssues)
                    .Select(id => issues.Get(id, now)?.Issue)
                    .OfType<IssueSummary>(),
            ],
            [
                .. spans
                    .Select(span => (span.Origin.Service, span.Origin.Resource.Version))
                    .Distinct()
                    .Select(process => deploys.Find(process.Service, process.Version))
                    .OfType<Deploy>(),
            ]
        );

    public void Write(Utf8JsonWriter writer, string traceId)
    {
        writer.WriteStartObject("links");
        writer.WriteString("page", $"/traces/{traceId}");
        writer.WriteString("trace", $"/api/telemetry/traces/{traceId}");
        writer.WriteString("logs", $"/api/telemetry/logs?traceId={traceId}");
        writer.WritePropertyName("issues");
        JsonSerializer.Serialize(
            writer,
            Issues.Select(issue => new
            {
                issue.Id,
                issue.Title,
                issue.Status,
                Api = issue.Links.Self,
                issue.Links.Page,
            }),
            JsonSerializerOptions.Web
        );
        writer.WritePropertyName("deploys");
        JsonSerializer.Serialize(
            writer,
            Deploys.Select(deploy => new
            {
                deploy.Id,
                deploy.Service,
                deploy.Release,
                deploy.Time,
                Api = DeployLinks.Of(deploy).Self,
                DeployLinks.Of(deploy).Page,
            }),
            JsonSerializerOptions.Web
        );
        writer.WriteEndObject();
    }
}
