using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Platform.Observatory.Access;

/// <summary>Authenticates API calls by x-api-key or Authorization: Bearer, or by the cookie of the pages.</summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    AccessKeys keys,
    IProblemDetailsService problems
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync() =>
        keys.HasApiKey(Request)
            ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(Scheme.Name)), Scheme.Name))
            : await Context.AuthenticateAsync(AccessServices.Pages);

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;

        // A caller who takes no problem details gets the status alone.
        await problems.TryWriteAsync(
            new ProblemDetailsContext
            {
                HttpContext = Context,
                ProblemDetails =
                {
                    Status = StatusCodes.Status401Unauthorized,
                    Title = "A key is needed",
                    Detail = "Send the header x-api-key or Authorization: Bearer, or sign in at /login.",
                },
            }
        );
    }
}
