using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.BearerToken;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Platform.Infrastructure.Identity;

public sealed class IdentityOptions
{
    public const string SectionName = "Identity";

    /// <summary>The secret that the services share and that tokens are sealed with; changing it ends all sessions.</summary>
    [Required, MinLength(32)]
    public string Key { get; set; } = "";

    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(1);
}

/// <summary>The claims of a session: the opaque ids of user and tenant, no name and no address.</summary>
public static class IdentityClaims
{
    public const string User = "sub";
    public const string Tenant = "tenant";

    public static string UserId(this ClaimsPrincipal principal) =>
        principal.FindFirstValue(User) ?? throw new InvalidOperationException("The token has no user.");

    public static string TenantId(this ClaimsPrincipal principal) =>
        principal.FindFirstValue(Tenant) ?? throw new InvalidOperationException("The token has no tenant.");
}

public static class IdentityExtensions
{
    /// <summary>Bearer tokens that every service with the same Identity:Key can read; each service checks them for itself.</summary>
    public static TBuilder AddIdentity<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder
            .Services.AddOptions<IdentityOptions>()
            .BindConfiguration(IdentityOptions.SectionName)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        builder.Services.AddDataProtection().SetApplicationName("Platform").DisableAutomaticKeyGeneration();
        builder.Services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(services => new ConfigureOptions<KeyManagementOptions>(
            options => options.XmlRepository = new SharedKeyRing(services.GetRequiredService<IOptions<IdentityOptions>>().Value.Key)
        ));
        builder.Services.AddAuthentication(BearerTokenDefaults.AuthenticationScheme).AddBearerToken();
        builder.Services.AddAuthorization();
        return builder;
    }
}
