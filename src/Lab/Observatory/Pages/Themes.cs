using Platform.Observatory.Access;

namespace Platform.Observatory.Pages;

/// <summary>The reader's choice of light or dark, in a cookie, so that the first byte of a page has it and no script is needed.</summary>
internal static class Themes
{
    private const string CookieName = "observatory-theme";
    private static readonly TimeSpan Lasts = TimeSpan.FromDays(365);

    public static string Of(HttpRequest request) => request.Cookies[CookieName] is "light" or "dark" ? request.Cookies[CookieName]! : "";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/theme", SetAsync);

    private static async Task<IResult> SetAsync(HttpContext context, PageRenderer pages)
    {
        if (!OwnForms.IsOwn(context.Request))
        {
            return PageEndpoints.BadRequest(pages, "This form did not come from a page of Observatory.");
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);

        if (form["theme"].ToString() is "light" or "dark")
        {
            context.Response.Cookies.Append(
                CookieName,
                form["theme"].ToString(),
                new CookieOptions
                {
                    HttpOnly = true,
                    SameSite = SameSiteMode.Strict,
                    Path = "/",
                    MaxAge = Lasts,
                }
            );
        }
        else
        {
            context.Response.Cookies.Delete(CookieName, new CookieOptions { Path = "/" });
        }

        return TypedResults.Redirect(LocalAddress.Or(form["return"]));
    }
}
