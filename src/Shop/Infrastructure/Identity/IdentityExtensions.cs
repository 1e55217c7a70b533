using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Platform.Infrastructure.Identity;

/// <summary>Sessions are JSON web tokens, signed by the gateway (ES256) and validated by every service.</summary>
public sealed class IdentityOptions : IValidatableObject
{
    public const string SectionName = "Identity";
    public const string Issuer = "platform-gateway";
    public const string Audience = "platform-shop";

    /// <summary>
    /// The gateway's public keys (P-256, SubjectPublicKeyInfo, base64): the current one, and during a rotation the other one too. Removing
    /// a key ends the sessions it signed.
    /// </summary>
    [Required, Length(1, 2)]
    public string[] PublicKeys { get; set; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        for (var i = 0; i < PublicKeys.Length; i++)
        {
            if (!IdentityKeys.TryReadPublic(PublicKeys[i], out _))
            {
                yield return new ValidationResult(
                    $"{SectionName}:{nameof(PublicKeys)}:{i} must be a P-256 SubjectPublicKeyInfo in base64."
                );
            }
        }
    }
}

/// <summary>Reads keys from configuration.</summary>
public static class IdentityKeys
{
    public static bool TryReadPublic(string text, out ECDsaSecurityKey? key) =>
        TryRead(text, static (ecdsa, bytes) => ecdsa.ImportSubjectPublicKeyInfo(bytes, out _), out key);

    public static bool TryReadPrivate(string text, out ECDsaSecurityKey? key) =>
        TryRead(text, static (ecdsa, bytes) => ecdsa.ImportPkcs8PrivateKey(bytes, out _), out key);

    /// <summary>Whether the private key belongs to one of the public ones.</summary>
    public static bool IsOneOf(string privateKey, IEnumerable<string> publicKeys) =>
        TryReadPrivate(privateKey, out var signing)
        && publicKeys.Any(text => TryReadPublic(text, out var known) && known!.KeyId == signing!.KeyId);

    private static bool TryRead(string text, Action<ECDsa, byte[]> import, out ECDsaSecurityKey? key)
    {
        key = null;
        var ecdsa = ECDsa.Create();
        try
        {
            import(ecdsa, Convert.FromBase64String(text));
        }
        catch (Exception exception) when (exception is FormatException or CryptographicException)
        {
            // The caller's error names the setting.
            ecdsa.Dispose();
            return false;
        }

        // The key id is derived from the public half, so that signer and validator agree without a setting.
        var id = Base64UrlEncoder.Encode(SHA256.HashData(ecdsa.ExportSubjectPublicKeyInfo()));
        key = ecdsa.KeySize == 256 ? new ECDsaSecurityKey(ecdsa) { KeyId = id } : null;
        return key is not null;
    }
}

/// <summary>Claims of a session: opaque ids of user and tenant, no names or addresses.</summary>
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
    /// <summary>Tolerated clock skew between machines.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>Validates bearer tokens: signature, algorithm, issuer, audience and expiry.</summary>
    public static TBuilder AddIdentity<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder
            .Services.AddOptions<IdentityOptions>()
            .BindConfiguration(IdentityOptions.SectionName)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        builder
            .Services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<IOptions<IdentityOptions>>((bearer, identity) => Configure(bearer, identity.Value));
        builder.Services.AddAuthorization();
        return builder;
    }

    private static void Configure(JwtBearerOptions bearer, IdentityOptions identity)
    {
        // Claims keep the gateway's names, and a 401 does not say what is wrong with the token.
        bearer.MapInboundClaims = false;
        bearer.IncludeErrorDetails = false;
        bearer.TokenValidationParameters = new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            ValidIssuer = IdentityOptions.Issuer,
            ValidAudience = IdentityOptions.Audience,
            IssuerSigningKeys = [.. identity.PublicKeys.Select(text => IdentityKeys.TryReadPublic(text, out var key) ? key : null)],
            ClockSkew = ClockSkew,
        };
    }
}
