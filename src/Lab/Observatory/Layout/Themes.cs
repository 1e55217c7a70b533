using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Platform.Observatory.Access;
using Platform.Observatory.Text;

namespace Platform.Observatory.Layout;

/// <summary>The user's choice of light or dark, in a cookie, so that the server renders it and no script is needed.</summary>
internal static class Themes
{
    private const string CookieName = "observatory-theme";
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    public static string Of(HttpRequest request) => request.Cookies[CookieName] is "light" or "dark" ? request.Cookies[CookieName]! : "";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/theme", Set).WithSmallForm();

    private static RedirectHttpResult Set([FromForm] string? theme, [FromForm(Name = "return")] string? address, HttpResponse response)
    {
        if (theme is "light" or "dark")
        {
            response.Cookies.Append(
                CookieName,
                theme,
                new CookieOptions
                {
                    HttpOnly = true,
                    SameSite = SameSiteMode.Strict,
                    Path = "/",
                    MaxAge = Lifetime,
                }
            );
        }
        else
        {
            response.Cookies.Delete(CookieName, new CookieOptions { Path = "/" });
        }

        return TypedResults.Redirect(LocalAddress.Or(address));
    }
}
