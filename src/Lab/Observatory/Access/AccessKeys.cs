using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Platform.Observatory.Access;

/// <summary>Who may do what: senders by OTLP key, programs by API key, people by the browser token and its cookie.</summary>
internal sealed class AccessKeys
{
    public const string CookieName = "observatory";

    /// <summary>Aspire's name for it.</summary>
    public const string AnonymousKey = "ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS";

    private readonly byte[]? _browserToken;
    private readonly byte[]? _apiKey;
    private readonly byte[]? _otlpApiKey;
    private readonly byte[]? _cookie;
    private readonly bool _isAnonymous;
    private readonly bool _isDevelopment;

    public AccessKeys(IOptions<ObservatoryOptions> options, IHostEnvironment environment, IConfiguration configuration)
    {
        _browserToken = Digest(options.Value.BrowserToken);
        _apiKey = Digest(options.Value.ApiKey);
        _otlpApiKey = Digest(options.Value.OtlpApiKey);
        _isAnonymous = string.Equals(configuration[AnonymousKey], "true", StringComparison.OrdinalIgnoreCase);
        _isDevelopment = environment.IsDevelopment();

        if (options.Value.BrowserToken is { Length: > 0 } token)
        {
            // Cookies of localhost are sent to every port of it, so the cookie does not hold the token itself.
            CookieValue = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(token), "observatory cookie"u8));
            _cookie = Digest(CookieValue);
        }
    }

    /// <summary>Null when there is no browser token.</summary>
    public string? CookieValue { get; }

    public bool OpensOtlp(IHeaderDictionary headers) => _otlpApiKey is null || IsSame(_otlpApiKey, headers["x-otlp-api-key"]);

    public bool OpensPages(HttpRequest request) => HasCookie(request) || IsOpen(request, _browserToken is null);

    public bool OpensApi(HttpRequest request) =>
        (_apiKey is not null && (IsSame(_apiKey, request.Headers["x-api-key"]) || IsSame(_apiKey, BearerOf(request))))
        || HasCookie(request)
        || IsOpen(request, _apiKey is null && _browserToken is null);

    public bool IsBrowserToken(string? token) => _browserToken is not null && IsSame(_browserToken, token);

    // Without a key, for those who sit at this machine. The name in the address is looked at too: a page of another site could give its own
    // name the address of this machine, and would then read what is here in the reader's browser.
    private bool IsOpen(HttpRequest request, bool hasNoKey) =>
        (_isAnonymous || (hasNoKey && _isDevelopment))
        && request.HttpContext.Connection.RemoteIpAddress is { } remote
        && IPAddress.IsLoopback(remote)
        && (
            request.Host.Host == "localhost"
            || request.Host.Host.EndsWith(".localhost", StringComparison.Ordinal)
            || (IPAddress.TryParse(request.Host.Host, out var host) && IPAddress.IsLoopback(host))
        );

    private static string? BearerOf(HttpRequest request) =>
        AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var header)
        && header.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
            ? header.Parameter
            : null;

    private bool HasCookie(HttpRequest request) => _cookie is not null && IsSame(_cookie, request.Cookies[CookieName]);

    // Digests have one length, so that the comparison tells nothing about the length of the secret either.
    private static bool IsSame(byte[] expected, string? given) =>
        given is not null && CryptographicOperations.FixedTimeEquals(expected, SHA256.HashData(Encoding.UTF8.GetBytes(given)));

    private static byte[]? Digest(string? secret) => string.IsNullOrEmpty(secret) ? null : SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
