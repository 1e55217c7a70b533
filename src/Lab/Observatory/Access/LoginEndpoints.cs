using Platform.Observatory.Pages;

namespace Platform.Observatory.Access;

/// <summary>Links with the token (/login?t=..&amp;returnUrl=/traces), and the form for those who have only the token.</summary>
internal static class LoginEndpoints
{
    // A token is short, and an address not much longer; a larger form is neither.
    private const int MaxFormBytes = 8 << 10;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(
            "/login",
            (string? t, string? returnUrl, HttpContext context, AccessKeys keys, PageRenderer pages) =>
                string.IsNullOrEmpty(t) ? pages.Login(wrongToken: false, returnUrl)
                : keys.OpensPages(context.Request) ? TypedResults.Redirect(LocalAddress.Or(returnUrl))
                : SignIn(t, returnUrl, context, keys, pages)
        );
        routes.MapPost(
            "/login",
            async (HttpContext context, AccessKeys keys, PageRenderer pages) =>
            {
                if (!context.Request.HasFormContentType || context.Request.ContentLength is not <= MaxFormBytes)
                {
                    return pages.Login(wrongToken: true, returnUrl: null);
                }

                var form = await context.Request.ReadFormAsync(context.RequestAborted);
                return SignIn(form["t"].ToString(), form["returnUrl"], context, keys, pages);
            }
        );
    }

    private static IResult SignIn(string token, string? returnUrl, HttpContext context, AccessKeys keys, PageRenderer pages)
    {
        if (!keys.IsBrowserToken(token))
        {
            return pages.Login(wrongToken: true, returnUrl);
        }

        // Not Secure: the address is http on this machine. It lasts as long as the browser's session. Lax: a strict cookie is not sent when
        // a link of another site leads here, not even after the redirect below. What changes something is no GET, so that another site's
        // request for it comes without the cookie.
        context.Response.Cookies.Append(
            AccessKeys.CookieName,
            keys.CookieValue!,
            new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Lax,
                Path = "/",
            }
        );
        return TypedResults.Redirect(LocalAddress.Or(returnUrl));
    }
}
