using Platform.Observatory.Pages;

namespace Platform.Observatory.Access;

/// <summary>The link that the AppHost prints (/login?t=..), and the form for those who have only the token.</summary>
internal static class LoginEndpoints
{
    // A token is short; a larger form is not one.
    private const int MaxFormBytes = 8 << 10;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/login", (string? t, HttpContext context, AccessKeys keys, PageRenderer pages) =>
            string.IsNullOrEmpty(t) ? pages.Login(wrongToken: false) : SignIn(t, context, keys, pages));
        routes.MapPost("/login", async (HttpContext context, AccessKeys keys, PageRenderer pages) =>
        {
            if (!context.Request.HasFormContentType || context.Request.ContentLength is not <= MaxFormBytes)
            {
                return pages.Login(wrongToken: true);
            }

            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            return SignIn(form["t"].ToString(), context, keys, pages);
        });
    }

    private static IResult SignIn(string token, HttpContext context, AccessKeys keys, PageRenderer pages)
    {
        if (!keys.IsBrowserToken(token))
        {
            return pages.Login(wrongToken: true);
        }

        // Not Secure: the address is http on this machine. It lasts as long as the browser's session.
        context.Response.Cookies.Append(AccessKeys.CookieName, keys.CookieValue!, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Path = "/",
        });
        return TypedResults.Redirect("/");
    }
}
