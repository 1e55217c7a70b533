using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Access;

/// <summary>Access checks: senders by OTLP key, programs by API key, people by browser token.</summary>
internal sealed class AccessKeys(IOptions<ObservatoryOptions> options, IHostEnvironment environment, IConfiguration configuration)
{
    /// <summary>Aspire's setting for anonymous access.</summary>
    public const string AnonymousKey = "ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS";

    private readonly Secret? _apiKey = Secret.Of(options.Value.ApiKey);
    private readonly Secret? _alertToken = Secret.Of(options.Value.AlertToken);
    private readonly Secret? _metricsToken = Secret.Of(options.Value.MetricsToken);
    private readonly Secret? _otlpApiKey = Secret.Of(options.Value.OtlpApiKey);
    private readonly bool _isAnonymous = string.Equals(configuration[AnonymousKey], "true", StringComparison.OrdinalIgnoreCase);

    public Secret? BrowserToken { get; } = Secret.Of(options.Value.BrowserToken);

    /// <summary>True for everyone when no key is configured.</summary>
    public bool AllowsOtlp(IHeaderDictionary headers) => _otlpApiKey is null || _otlpApiKey.Matches(headers["x-otlp-api-key"]);

    /// <summary>The caller sent the API key, in either of the two headers.</summary>
    public bool HasApiKey(HttpRequest request) =>
        _apiKey is not null && (_apiKey.Matches(request.Headers["x-api-key"]) || _apiKey.Matches(BearerOf(request)));

    /// <summary>The caller may read figures about Observatory itself: a scraper, or who may read everything.</summary>
    public bool MayScrape(HttpRequest request) =>
        _metricsToken?.Matches(BearerOf(request)) == true || HasApiKey(request) || AllowsAnonymousApi(request);

    /// <summary>The caller may tell of alerts without the API key.</summary>
    public bool MayAlert(HttpRequest request) => _alertToken?.Matches(BearerOf(request)) ?? AllowsAnonymousApi(request);

    public bool AllowsAnonymousPages(HttpRequest request) => IsAnonymousAllowed(request, BrowserToken is null);

    public bool AllowsAnonymousApi(HttpRequest request) => IsAnonymousAllowed(request, _apiKey is null && BrowserToken is null);

    // Without a key only loopback requests are allowed. The Host header is checked too, against DNS rebinding: another site could point its
    // own name at 127.0.0.1 and read these pages in the user's browser.
    private bool IsAnonymousAllowed(HttpRequest request, bool hasNoKey) =>
        (_isAnonymous || (hasNoKey && environment.IsDevelopment()))
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
}
