using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Access;

/// <summary>
/// Authorization policies of the API and the pages. There is no fallback policy, since it would apply to every listener, the OTLP ones
/// included; a test checks that every endpoint has a policy instead.
/// </summary>
internal static class AccessServices
{
    /// <summary>Scheme and policy of the API.</summary>
    public const string Api = "api-key";

    /// <summary>Scheme and policy of the pages.</summary>
    public const string Pages = CookieAuthenticationDefaults.AuthenticationScheme;

    // Fingerprint of the browser token: changing the token invalidates all cookies.
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
                    // Not Secure, since the address may be http on this machine. Lax, since a strict cookie is not sent when following a
                    // link from another site. State-changing requests are forms with an antiforgery token, or JSON.
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

        // Silences the warning that the keys in the folder are not encrypted.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        AddDataProtection(services, builder.Configuration[$"{ObservatoryOptions.SectionName}:{nameof(ObservatoryOptions.DataDirectory)}"]);
    }

    /// <summary>The principal for the cookie of a user who presented this token.</summary>
    public static ClaimsPrincipal PrincipalFor(Secret token) => new(new ClaimsIdentity([new Claim(TokenClaim, token.Fingerprint)], Pages));

    private static void AddPolicies(AuthorizationOptions options, AccessKeys keys)
    {
        options.AddPolicy(Api, Policy(Api, keys.AllowsAnonymousApi));
        options.AddPolicy(Pages, Policy(Pages, keys.AllowsAnonymousPages));
    }

    private static AuthorizationPolicy Policy(string scheme, Func<HttpRequest, bool> allowsAnonymous) =>
        new AuthorizationPolicyBuilder(scheme)
            .RequireAssertion(context =>
                context.User.Identity?.IsAuthenticated == true || (context.Resource is HttpContext http && allowsAnonymous(http.Request))
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

    // With a data directory users stay signed in across restarts. The keys are as readable there as the history beside them.
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
