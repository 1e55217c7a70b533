namespace Platform.Observatory.Search;

/// <summary>The search API: one id or one time across all signals.</summary>
internal static class SearchApi
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/search", Search);

    private static IResult Search(HttpContext context, TimelineBuilder timelines, TimeProvider time)
    {
        if (!TimelineQuery.TryParse(context.Request.Query, time.GetUtcNow(), out var query, out var error))
        {
            return TypedResults.Problem(error, statusCode: StatusCodes.Status400BadRequest, title: "Bad query");
        }

        return TypedResults.Ok(timelines.Build(query));
    }
}
