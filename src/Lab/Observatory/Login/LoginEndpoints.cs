using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Platform.Observatory.Access;
using Platform.Observatory.Text;

namespace Platform.Observatory.Login;

/// <summary>Links with the token (/login?t=..&amp;returnUrl=/traces), and the form for those who have only the token.</summary>
internal static class LoginEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(
            "/login",
            async (string? t, string? returnUrl, HttpContext context, AccessKeys keys) =>
                string.IsNullOrEmpty(t) ? Form(wrongToken: false, returnUrl)
                : (await context.AuthenticateAsync(AccessServices.Pages)).Succeeded ? TypedResults.Redirect(LocalAddress.Or(returnUrl))
                : SignIn(t, returnUrl, keys)
        );
        routes
            .MapPost("/login", ([FromForm] string? t, [FromForm] string? returnUrl, AccessKeys keys) => SignIn(t, returnUrl, keys))
            .WithSmallForm()
            // There is one token and one reader: signing somebody else in gains nothing.
            .DisableAntiforgery();
    }

    private static IResult SignIn(string? token, string? returnUrl, AccessKeys keys)
    {
        if (keys.BrowserToken is not { } expected || !expected.Matches(token))
        {
            return Form(wrongToken: true, returnUrl);
        }

        // The cookie lasts as long as the browser's session.
        return TypedResults.SignIn(
            AccessServices.PrincipalFor(expected),
            new AuthenticationProperties { RedirectUri = LocalAddress.Or(returnUrl) },
            AccessServices.Pages
        );
    }

    private static RazorComponentResult<LoginPage> Form(bool wrongToken, string? returnUrl) =>
        new(new { WrongToken = wrongToken, ReturnUrl = LocalAddress.Or(returnUrl) })
        {
            StatusCode = wrongToken ? StatusCodes.Status401Unauthorized : null,
        };
}
