using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Platform.Observatory.Access;

/// <summary>Who may do what: senders by OTLP key, programs by API key, people by the browser token and its cookie.</summary>
internal sealed class AccessKeys
{
    public const string CookieName = "observatory";

    private readonly byte[]? _browserToken;
    private readonly byte[]? _apiKey;
    private readonly byte[]? _otlpApiKey;
    private readonly byte[]? _cookie;
    private readonly bool _isDevelopment;

    public AccessKeys(IOptions<ObservatoryOptions> options, IHostEnvironment environment)
    {
        _browserToken = Digest(options.Value.BrowserToken);
        _apiKey = Digest(options.Value.ApiKey);
        _otlpApiKey = Digest(options.Value.OtlpApiKey);
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

    public bool OpensPages(HttpRequest request) => _browserToken is null ? _isDevelopment : HasCookie(request);

    public bool OpensApi(HttpRequest request) =>
        (_apiKey is not null && IsSame(_apiKey, request.Headers["x-api-key"]))
        || HasCookie(request)
        || (_apiKey is null && _browserToken is null && _isDevelopment);

    public bool IsBrowserToken(string? token) => _browserToken is not null && IsSame(_browserToken, token);

    private bool HasCookie(HttpRequest request) => _cookie is not null && IsSame(_cookie, request.Cookies[CookieName]);

    // Digests have one length, so that the comparison tells nothing about the length of the secret either.
    private static bool IsSame(byte[] expected, string? given) =>
        given is not null && CryptographicOperations.FixedTimeEquals(expected, SHA256.HashData(Encoding.UTF8.GetBytes(given)));

    private static byte[]? Digest(string? secret) => string.IsNullOrEmpty(secret) ? null : SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
