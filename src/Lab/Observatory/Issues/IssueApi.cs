using Microsoft.AspNetCore.Http.HttpResults;
using Platform.Observatory.Text;

namespace Platform.Observatory.Issues;

/// <summary>The issue API: /api/issues and below.</summary>
internal static class IssueApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/issues");
        api.MapGet("", List);
        api.MapGet("/{id}", Get);
        api.MapGet("/{id}/events", Events);
        api.MapPost("/{id}/status", SetStatusAsync);
    }

    private static IResult List(HttpContext context, IssueStore issues, TimeProvider time)
    {
        if (!IssueQuery.TryParse(context.Request.Query, out var query, out var error))
        {
            return TypedResults.Problem(error, statusCode: StatusCodes.Status400BadRequest, title: "Bad query");
        }

        var matching = issues.Find(query, time.GetUtcNow());
        var shown = matching.Take(query.Limit).ToList();
        return TypedResults.Ok(
            new
            {
                Issues = shown,
                TotalCount = matching.Count,
                ReturnedCount = shown.Count,
            }
        );
    }

    private static IResult Get(string id, IssueStore issues, TimeProvider time) =>
        issues.Get(id, time.GetUtcNow()) is { } found
            ? TypedResults.Ok(
                new
                {
                    found.Issue,
                    OverTime = new
                    {
                        StepSeconds = (int)TimeBuckets.Step.TotalSeconds,
                        Buckets = found.OverTime.Where(bucket => bucket.Count > 0),
                    },
                    found.Tags,
                    found.EventsKept,
                    Latest = found.Latest is { } latest ? EventResponse.Of(latest) : null,
                }
            )
            : Unknown();

    private static IResult Events(string id, IssueStore issues, TimeProvider time) =>
        issues.Get(id, time.GetUtcNow()) is { } found
            ? TypedResults.Ok(new { Events = issues.EventsOf(id).Select(EventResponse.Of), TotalCount = found.Issue.Count })
            : Unknown();

    /// <summary>Body <c>{"status":"resolved"}</c>. JSON only: another site cannot send it without a preflight.</summary>
    private static async Task<IResult> SetStatusAsync(string id, HttpContext context, IssueChanges changes)
    {
        if (await JsonBody.ReadAsync(context) is not { } body)
        {
            return JsonBody.Bad();
        }

        if (IssueStatuses.Parse(JsonRead.Text(body, "status")) is not { } status || !IssueStatuses.Settable.Contains(status))
        {
            return TypedResults.Problem(
                "status must be resolved, muted or ongoing.",
                statusCode: StatusCodes.Status400BadRequest,
                title: "Bad status"
            );
        }

        return changes.SetStatus(id, status) is { } changed ? TypedResults.Ok(changed) : Unknown();
    }

    private static ProblemHttpResult Unknown() =>
        TypedResults.Problem(
            "There is no such issue: it was never seen, or it was evicted by newer ones.",
            statusCode: StatusCodes.Status404NotFound,
            title: "Unknown issue"
        );
}
