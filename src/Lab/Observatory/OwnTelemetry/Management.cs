using Platform.Observatory.Access;

namespace Platform.Observatory.OwnTelemetry;

/// <summary>
/// Health and metrics. Observatory has no dependencies, so that it is healthy when it answers. Metrics need the token for them or the API
/// key.
/// </summary>
internal static class Management
{
    public static Task HandleAsync(HttpContext context)
    {
        var services = context.RequestServices;
        return (HttpMethods.IsGet(context.Request.Method), context.Request.Path.Value) switch
        {
            (true, "/health" or "/alive") => AnswerAsync(context, "text/plain", "Healthy"),
            (true, "/metrics") when services.GetRequiredService<AccessKeys>().MayScrape(context.Request) => AnswerAsync(
                context,
                "text/plain; version=0.0.4; charset=utf-8",
                services.GetRequiredService<StoreMetrics>().Scrape()
            ),
            (true, "/metrics") => RefuseAsync(context, StatusCodes.Status401Unauthorized),
            _ => RefuseAsync(context, StatusCodes.Status404NotFound),
        };
    }

    private static Task AnswerAsync(HttpContext context, string contentType, string text)
    {
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static Task RefuseAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
