using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Platform.Infrastructure.Identity;

namespace Platform.Gateway;

internal sealed class SessionTokenOptions : IValidatableObject
{
    /// <summary>The gateway's part of the section; the public keys are in every service.</summary>
    public const string SectionName = IdentityOptions.SectionName;

    /// <summary>P-256, PKCS#8, base64. Its public half must be among <see cref="IdentityOptions.PublicKeys"/>.</summary>
    [Required]
    public string SigningKey { get; set; } = "";

    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(1);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IdentityKeys.TryReadPrivate(SigningKey, out _))
        {
            yield return new ValidationResult($"{SectionName}:{nameof(SigningKey)} must be a P-256 key as PKCS#8 in base64.");
        }
    }
}

internal static class SessionTokensExtensions
{
    public static void AddSessionTokens(this IHostApplicationBuilder builder)
    {
        // A key without its public half in the services would sign sessions that all of them reject.
        builder
            .Services.AddOptions<SessionTokenOptions>()
            .BindConfiguration(SessionTokenOptions.SectionName)
            .ValidateDataAnnotations()
            .Validate<IOptions<IdentityOptions>>(
                (session, identity) => IdentityKeys.IsOneOf(session.SigningKey, identity.Value.PublicKeys),
                $"{SessionTokenOptions.SectionName}:{nameof(SessionTokenOptions.SigningKey)} must be the private half of one of "
                    + $"{IdentityOptions.SectionName}:{nameof(IdentityOptions.PublicKeys)}."
            )
            .ValidateOnStart();
        builder.Services.AddSingleton<SessionTokens>();
    }
}

/// <summary>Signs sessions; no other service can.</summary>
internal sealed class SessionTokens(IOptions<SessionTokenOptions> options, TimeProvider time)
{
    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };

    private readonly SigningCredentials _credentials = new(
        IdentityKeys.TryReadPrivate(options.Value.SigningKey, out var key) ? key : null,
        SecurityAlgorithms.EcdsaSha256
    );

    public (string Token, DateTimeOffset ExpiresAt) Create(string tenant, string user)
    {
        // A token's times are whole seconds.
        var now = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
        var expiresAt = now + options.Value.Lifetime;
        var token = _handler.CreateToken(
            new SecurityTokenDescriptor
            {
                Issuer = IdentityOptions.Issuer,
                Audience = IdentityOptions.Audience,
                IssuedAt = now.UtcDateTime,
                Expires = expiresAt.UtcDateTime,
                Claims = new Dictionary<string, object> { [IdentityClaims.User] = user, [IdentityClaims.Tenant] = tenant },
                SigningCredentials = _credentials,
            }
        );
        return (token, expiresAt);
    }
}
