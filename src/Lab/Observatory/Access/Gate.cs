using Platform.Observatory.Pages;

namespace Platform.Observatory.Access;

/// <summary>Nothing is shown before the door is open: programs get a problem, people a form for the token.</summary>
internal sealed class Gate(RequestDelegate next, AccessKeys keys, PageRenderer pages, IProblemDetailsService problems)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var isApi = context.Request.Path.StartsWithSegments("/api");

        if (IsPublic(context.Request.Path) || (isApi ? keys.OpensApi(context.Request) : keys.OpensPages(context.Request)))
        {
            await next(context);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;

        if (isApi)
        {
            await problems.WriteAsync(
                new ProblemDetailsContext
                {
                    HttpContext = context,
                    ProblemDetails =
                    {
                        Status = StatusCodes.Status401Unauthorized,
                        Title = "A key is needed",
                        Detail = "Send the header x-api-key or Authorization: Bearer, or sign in at /login.",
                    },
                }
            );
            return;
        }

        var asked = HttpMethods.IsGet(context.Request.Method) ? context.Request.Path + context.Request.QueryString : null;
        await pages.Login(wrongToken: false, asked).ExecuteAsync(context);
    }

    private static bool IsPublic(PathString path) => path.Value is "/login" or "/observatory.css" or "/icon.svg";
}
