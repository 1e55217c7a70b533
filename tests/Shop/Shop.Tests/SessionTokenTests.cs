using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Platform.Gateway;
using Platform.Infrastructure.Identity;
using Platform.Shop.Tests.Support;

namespace Platform.Shop.Tests;

/// <summary>What the gateway signs, and what a service accepts.</summary>
public sealed class SessionTokenTests : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _otherKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose()
    {
        _key.Dispose();
        _otherKey.Dispose();
    }

    [Fact]
    public async Task Token_OfTheGateway_SaysWhoseItIs()
    {
        await using var service = await StartAsync(_key);

        var (status, text) = await AskAsync(service, Sign(_key));

        Assert.Equal((HttpStatusCode.OK, "acme-u01 of acme"), (status, text));
    }

    /// <summary>Both keys are known while they are changed; then the old one goes, and the sessions that it signed.</summary>
    [Fact]
    public async Task Token_SignedWithTheOldKey_IsGoodUntilThatKeyIsTakenOut()
    {
        var old = Sign(_otherKey);
        await using (var rotating = await StartAsync(_key, _otherKey))
        {
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(rotating, old)).Status);
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(rotating, Sign(_key))).Status);
        }

        await using var rotated = await StartAsync(_key);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(rotated, old)).Status);
    }

    [Theory]
    [InlineData("as the gateway makes it", HttpStatusCode.OK)]
    [InlineData("expired 10 s ago, which clocks may differ by", HttpStatusCode.OK)]
    [InlineData("expired a minute ago", HttpStatusCode.Unauthorized)]
    [InlineData("without expiry", HttpStatusCode.Unauthorized)]
    [InlineData("of another issuer", HttpStatusCode.Unauthorized)]
    [InlineData("for another audience", HttpStatusCode.Unauthorized)]
    [InlineData("without signature", HttpStatusCode.Unauthorized)]
    [InlineData("signed with the public key as a shared secret", HttpStatusCode.Unauthorized)]
    [InlineData("with another user than was signed", HttpStatusCode.Unauthorized)]
    public async Task Token_ThatIsNotQuiteTheGateways_IsRefusedWithoutSayingWhy(string token, HttpStatusCode expected)
    {
        await using var service = await StartAsync(_key);
        var now = DateTime.UtcNow;
        var descriptor = new SecurityTokenDescriptor
        {
            Issuer = token == "of another issuer" ? "somebody" : IdentityOptions.Issuer,
            Audience = token == "for another audience" ? "another" : IdentityOptions.Audience,
            IssuedAt = now.AddHours(-1),
            Expires = token switch
            {
                "expired 10 s ago, which clocks may differ by" => now.AddSeconds(-10),
                "expired a minute ago" => now.AddMinutes(-1),
                "without expiry" => null,
                _ => now.AddHours(1),
            },
            Claims = new Dictionary<string, object> { ["sub"] = "acme-u01", ["tenant"] = "acme" },
            SigningCredentials = token switch
            {
                "without signature" => null,
                "signed with the public key as a shared secret" => new SigningCredentials(
                    new SymmetricSecurityKey(_key.ExportSubjectPublicKeyInfo()),
                    SecurityAlgorithms.HmacSha256
                ),
                _ => new SigningCredentials(new ECDsaSecurityKey(_key), SecurityAlgorithms.EcdsaSha256),
            },
        };
        var text = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);
        if (token == "with another user than was signed")
        {
            var parts = text.Split('.');
            parts[1] = Base64UrlEncoder.Encode(Base64UrlEncoder.Decode(parts[1]).Replace("acme-u01", "acme-u02", StringComparison.Ordinal));
            text = string.Join('.', parts);
        }

        var (status, body) = await AskAsync(service, text);

        Assert.Equal(expected, status);
        Assert.Equal(expected == HttpStatusCode.OK ? "acme-u01 of acme" : "", body);
    }

    [Theory]
    [InlineData("no base64 at all")]
    [InlineData("AAAA")]
    public async Task Start_WithAKeyThatIsNone_NamesTheSettingAndNotTheKey(string key)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(key));

        Assert.Contains("Identity:PublicKeys:0", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(key, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_OfAService_AreReadOnceAndNotForEachRequest()
    {
        await using var service = await StartAsync(_key);
        var keys = service
            .Services.GetRequiredService<IOptionsMonitor<JwtBearerOptions>>()
            .Get(JwtBearerDefaults.AuthenticationScheme)
            .TokenValidationParameters.IssuerSigningKeys;

        Assert.Same(Assert.Single(keys), Assert.Single(keys));
    }

    /// <summary>Otherwise the gateway starts, and every session that it gives is refused.</summary>
    [Fact]
    public void SigningKey_WhosePublicHalfNobodyKnows_IsRefusedAtTheStart()
    {
        var builder = LoopbackApp.CreateBuilder();
        builder.Configuration["Identity:SigningKey"] = Convert.ToBase64String(_key.ExportPkcs8PrivateKey());
        builder.Configuration["Identity:PublicKeys:0"] = Convert.ToBase64String(_otherKey.ExportSubjectPublicKeyInfo());
        builder.AddIdentity();
        builder.AddSessionTokens();
        using var services = builder.Services.BuildServiceProvider();

        var failure = Assert.Throws<OptionsValidationException>(services.GetRequiredService<IStartupValidator>().Validate);

        Assert.Contains("Identity:SigningKey", failure.Message, StringComparison.Ordinal);
    }

    private static string Sign(ECDsa key) =>
        new SessionTokens(
            Options.Create(new SessionTokenOptions { SigningKey = Convert.ToBase64String(key.ExportPkcs8PrivateKey()) }),
            TimeProvider.System
        )
            .Create("acme", "acme-u01")
            .Token;

    private static Task<WebApplication> StartAsync(params ECDsa[] keys) =>
        StartAsync([.. keys.Select(key => Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()))]);

    private static async Task<WebApplication> StartAsync(params string[] keys)
    {
        var builder = LoopbackApp.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(
            keys.Select((key, index) => KeyValuePair.Create<string, string?>($"Identity:PublicKeys:{index}", key))
        );
        builder.Services.AddRouting();
        builder.AddIdentity();
        var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/me", (HttpContext context) => $"{context.User.UserId()} of {context.User.TenantId()}").RequireAuthorization();
        try
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    private static async Task<(HttpStatusCode Status, string Text)> AskAsync(WebApplication service, string token)
    {
        using var http = new HttpClient { BaseAddress = new Uri(service.Urls.Single()) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.GetAsync("/me", TestContext.Current.CancellationToken);
        Assert.All(response.Headers.WwwAuthenticate, challenge => Assert.Null(challenge.Parameter));
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
