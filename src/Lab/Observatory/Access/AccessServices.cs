using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Access;

/// <summary>
/// Policies of the API and of the pages. There is no fallback policy, since the application asks for it on every listener, also where
/// telemetry comes in; instead a test asks every endpoint for its policy.
/// </summary>
internal static class AccessServices
{
    /// <summary>Scheme and policy of the API.</summary>
    public const string Api = "api-key";

    /// <summary>Scheme and policy of the pages.</summary>
    public const string Pages = CookieAuthenticationDefaults.AuthenticationScheme;

    // Of the token that opened the pages: a cookie does not outlive a change of it.
    private const string TokenClaim = "browser-token";

    public static void AddAccess(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<AccessKeys>();
        services
            .AddAuthentication()
            .AddCookie(
                Pages,
                cookie =>
                {
                    // Not Secure, where the address is http on this machine. Lax: a strict cookie is not sent when a link of another site leads
                    // here. What changes something is a form with an antiforgery token, or JSON.
                    cookie.Cookie.Name = "observatory";
                    cookie.LoginPath = "/login";
                    cookie.ReturnUrlParameter = "returnUrl";
                    cookie.Events.OnValidatePrincipal = RejectOldTokenAsync;
                }
            )
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(Api, configureOptions: null);
        services.AddAuthorization();
        services.AddOptions<AuthorizationOptions>().Configure<AccessKeys>(AddPolicies);
        services.AddAntiforgery(antiforgery => antiforgery.Cookie.Name = "observatory-forms");

        // It would warn that the keys in the folder are not encrypted.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        AddDataProtection(services, builder.Configuration[$"{ObservatoryOptions.SectionName}:{nameof(ObservatoryOptions.DataDirectory)}"]);
    }

    /// <summary>The reader for a cookie, who has shown that he knows this token.</summary>
    public static ClaimsPrincipal ReaderOf(Secret token) => new(new ClaimsIdentity([new Claim(TokenClaim, token.Fingerprint)], Pages));

    private static void AddPolicies(AuthorizationOptions options, AccessKeys keys)
    {
        options.AddPolicy(Api, Policy(Api, keys.OpensApiToAnyone));
        options.AddPolicy(Pages, Policy(Pages, keys.OpensPagesToAnyone));
    }

    private static AuthorizationPolicy Policy(string scheme, Func<HttpRequest, bool> opensToAnyone) =>
        new AuthorizationPolicyBuilder(scheme)
            .RequireAssertion(context =>
                context.User.Identity?.IsAuthenticated == true || (context.Resource is HttpContext http && opensToAnyone(http.Request))
            )
            .Build();

    private static Task RejectOldTokenAsync(CookieValidatePrincipalContext context)
    {
        var token = context.HttpContext.RequestServices.GetRequiredService<AccessKeys>().BrowserToken;

        if (token is null || context.Principal?.FindFirstValue(TokenClaim) != token.Fingerprint)
        {
            context.RejectPrincipal();
        }

        return Task.CompletedTask;
    }

    // With a folder for the history readers stay signed in over a restart. The keys are as readable there as the history beside them.
    private static void AddDataProtection(IServiceCollection services, string? dataDirectory)
    {
        var protection = services.AddDataProtection().SetApplicationName("observatory");

        if (string.IsNullOrEmpty(dataDirectory))
        {
            protection.UseEphemeralDataProtectionProvider();
        }
        else
        {
            protection.PersistKeysToFileSystem(new DirectoryInfo(Path.Combine(dataDirectory, "cookie-keys")));
        }
    }
}
