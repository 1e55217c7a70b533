using Platform.Observatory.Query;

namespace Platform.Observatory.Search;

/// <summary>One id or one moment across all signals, for programs: /api/search.</summary>
internal static class SearchApi
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/search", SearchAsync);

    private static async Task<IResult> SearchAsync(HttpContext context, TimelineBuilder timelines, TelemetryApi api, TimeProvider time)
    {
        if (!TimelineQuery.TryParse(context.Request.Query, time.GetUtcNow(), out var query, out var error))
        {
            return TypedResults.Problem(error, statusCode: StatusCodes.Status400BadRequest, title: "Bad query");
        }

        await api.SettledAsync(context.RequestAborted);
        return TypedResults.Ok(timelines.Build(query));
    }
}
