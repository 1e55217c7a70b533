using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;

namespace Platform.Observatory.Access;

/// <summary>
/// Authorization policies of the API and the pages. There is no fallback policy, since it would apply to every listener, the OTLP ones
/// included; a test checks that every endpoint has a policy instead.
/// </summary>
internal static class AccessServices
{
    /// <summary>Scheme and policy of the API.</summary>
    public const string Api = "api-key";

    /// <summary>Policy of whoever tells of alerts.</summary>
    public const string Alerts = "alerts";

    /// <summary>Scheme and policy of the pages.</summary>
    public const string Pages = CookieAuthenticationDefaults.AuthenticationScheme;

    // Fingerprint of the browser token: changing the token invalidates all cookies.
    private const string TokenClaim = "browser-token";

    public static void AddAccess(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<AccessKeys>();
        services.AddAuthentication().AddCookie(Pages).AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(Api, configureOptions: null);
        services.AddOptions<CookieAuthenticationOptions>(Pages).Configure<AccessKeys>(ConfigureCookie);
        services.AddAuthorization();
        services.AddOptions<AuthorizationOptions>().Configure<AccessKeys>(AddPolicies);
        services.AddAntiforgery();
        services.AddOptions<AntiforgeryOptions>().Configure<AccessKeys>((options, keys) => options.Cookie.Name = CookieName("forms", keys));
        services.AddDataProtection().SetApplicationName("observatory");
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>, CookieKeys>();

        // Unencrypted keys in the folder are meant, as is a form token of a former run, which is answered.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Antiforgery", LogLevel.None);
    }

    /// <summary>The principal for the cookie of a user who presented this token.</summary>
    public static ClaimsPrincipal PrincipalFor(Secret token) => new(new ClaimsIdentity([new Claim(TokenClaim, token.Fingerprint)], Pages));

    // Not Secure, since the address may be http on this machine. Lax, since a strict cookie is not sent when following a link from another
    // site. State-changing requests are forms with an antiforgery token, or JSON.
    private static void ConfigureCookie(CookieAuthenticationOptions options, AccessKeys keys)
    {
        options.Cookie.Name = CookieName("login", keys);
        options.LoginPath = "/login";
        options.Events.OnValidatePrincipal = RejectOldTokenAsync;
        options.Events.OnRedirectToLogin = context =>
        {
            // The script of the pages wants to know, and not to be led to a form. After signing in only a page can be returned to.
            if (context.Request.Headers.XRequestedWith == "XMLHttpRequest")
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            }
            else
            {
                var page = HttpMethods.IsGet(context.Request.Method) ? context.Request.Path + context.Request.QueryString : "/";
                context.Response.Redirect("/login?returnUrl=" + Uri.EscapeDataString(page));
            }

            return Task.CompletedTask;
        };
    }

    // Cookies are shared by all ports of a host, where another Observatory may run with a token of its own.
    private static string CookieName(string purpose, AccessKeys keys) =>
        keys.BrowserToken is { } token ? $"observatory-{purpose}-{token.Fingerprint[..8]}" : $"observatory-{purpose}";

    private static void AddPolicies(AuthorizationOptions options, AccessKeys keys)
    {
        options.AddPolicy(Api, Policy(Api, keys.AllowsAnonymousApi));
        options.AddPolicy(Alerts, Policy(Api, keys.MayAlert));
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
}
