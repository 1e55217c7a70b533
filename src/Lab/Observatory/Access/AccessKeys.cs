using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Access;

/// <summary>Who may do what: senders by OTLP key, programs by API key, people by the browser token.</summary>
internal sealed class AccessKeys(IOptions<ObservatoryOptions> options, IHostEnvironment environment, IConfiguration configuration)
{
    /// <summary>Aspire's name for it.</summary>
    public const string AnonymousKey = "ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS";

    private readonly Secret? _apiKey = Secret.Of(options.Value.ApiKey);
    private readonly Secret? _otlpApiKey = Secret.Of(options.Value.OtlpApiKey);
    private readonly bool _isAnonymous = string.Equals(configuration[AnonymousKey], "true", StringComparison.OrdinalIgnoreCase);

    public Secret? BrowserToken { get; } = Secret.Of(options.Value.BrowserToken);

    /// <summary>No key is asked for when none is configured.</summary>
    public bool OpensOtlp(IHeaderDictionary headers) => _otlpApiKey is null || _otlpApiKey.Is(headers["x-otlp-api-key"]);

    /// <summary>The caller sent the API key, in either of the two headers.</summary>
    public bool HasApiKey(HttpRequest request) =>
        _apiKey is not null && (_apiKey.Is(request.Headers["x-api-key"]) || _apiKey.Is(BearerOf(request)));

    public bool OpensPagesToAnyone(HttpRequest request) => IsOpen(request, BrowserToken is null);

    public bool OpensApiToAnyone(HttpRequest request) => IsOpen(request, _apiKey is null && BrowserToken is null);

    // Without a key, for those who sit at this machine. The name in the address is checked too: a page of another site could point its own
    // name at the address of this machine, and would then read what is here in the reader's browser.
    private bool IsOpen(HttpRequest request, bool hasNoKey) =>
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
