using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Platform.Observatory.Receiving;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Envelopes;

/// <summary>
/// Checks the public key of the DSN, which SDKs send in up to three places: <c>X-Sentry-Auth: Sentry
/// sentry_version=7,sentry_client=sentry.dotnet/6.9.0,sentry_key=abc</c>, <c>?sentry_key=abc</c>, or the envelope's dsn.
/// </summary>
internal sealed partial class SentryKeys(IOptions<ObservatoryOptions> options)
{
    private readonly byte[]? _key = string.IsNullOrEmpty(options.Value.SentryKey) ? null : Digest(options.Value.SentryKey);

    /// <summary>True when a key came with the request itself; a wrong one is rejected before the body is read.</summary>
    public bool CheckRequest(HttpRequest request)
    {
        var header = HeaderKey().Match(request.Headers["X-Sentry-Auth"].ToString());
        var query = request.Query["sentry_key"].ToString();
        Check(header.Success ? header.Groups[1].Value : null);
        Check(query.Length > 0 ? query : null);
        return header.Success || query.Length > 0;
    }

    public void CheckEnvelope(string? dsn, bool requestHadKey)
    {
        var key = Uri.TryCreate(dsn, UriKind.Absolute, out var address) ? Uri.UnescapeDataString(address.UserInfo.Split(':')[0]) : "";
        Check(key.Length > 0 ? key : null);

        if (_key is not null && !requestHadKey && key.Length == 0)
        {
            throw new RefusedException(
                Refusal.Unauthenticated,
                "Neither X-Sentry-Auth nor sentry_key nor the envelope's dsn names a public key."
            );
        }
    }

    private void Check(string? given)
    {
        if (_key is not null && given is not null && !CryptographicOperations.FixedTimeEquals(_key, Digest(given)))
        {
            throw new RefusedException(Refusal.Forbidden, "The public key of the DSN is not the one of this Observatory.");
        }
    }

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    [GeneratedRegex(@"(?:^|[\s,])sentry_key\s*=\s*""?([^\s,""]+)", RegexOptions.CultureInvariant)]
    private static partial Regex HeaderKey();
}
