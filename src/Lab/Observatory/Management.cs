namespace Platform.Observatory;

/// <summary>Observatory depends on nothing, so that it is healthy when it answers.</summary>
internal static class Management
{
    public static async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Path.Value is "/health" or "/alive" && HttpMethods.IsGet(context.Request.Method))
        {
            context.Response.ContentType = "text/plain";
            await context.Response.WriteAsync("Healthy", context.RequestAborted);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
    }
}
