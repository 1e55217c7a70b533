using Microsoft.AspNetCore.Http.HttpResults;

namespace Platform.Observatory.Logs;

/// <summary>Export and live stream of the logs page.</summary>
internal static class LogEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/logs/export", Export);
        routes.MapGet("/logs/live", FollowAsync);
    }

    private static IResult Export(string? format, HttpRequest request, LogListBuilder logs, TimeProvider time) =>
        format is not ("ndjson" or "csv") ? Bad("format must be ndjson or csv.")
        : LogQuery.TryParse(request.Query, time.GetUtcNow(), out var query, out var error)
            ? LogExport.File(logs.Matching(query.Query), format)
        : Bad(error);

    private static async Task<IResult> FollowAsync(HttpContext context, LogTail tail, TimeProvider time) =>
        LogQuery.TryParse(context.Request.Query, time.GetUtcNow(), out var query, out var error)
            ? await tail.FollowAsync(context, query.Query)
            : Bad(error);

    private static ProblemHttpResult Bad(string error) =>
        TypedResults.Problem(error, statusCode: StatusCodes.Status400BadRequest, title: "Bad query");
}
