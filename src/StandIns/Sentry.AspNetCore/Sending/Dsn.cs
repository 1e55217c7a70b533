namespace Sentry.Sending;

/// <summary>Where envelopes go: <c>https://publicKey@host:port/path/projectId</c>.</summary>
internal sealed record Dsn(Uri EnvelopeUri, string PublicKey)
{
    public static Dsn Parse(string dsn)
    {
        // The messages do not repeat the DSN: it may be another variable's secret that was pasted here.
        if (!Uri.TryCreate(dsn, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            throw new ArgumentException("Invalid DSN: it is not an http or https URL such as https://key@host/1.", nameof(dsn));
        }

        // A secret after the key is of an old protocol and is not sent.
        var publicKey = uri.UserInfo.Split(':')[0];
        if (publicKey.Length == 0)
        {
            throw new ArgumentException("Invalid DSN: it has no public key before the host, as in https://key@host/1.", nameof(dsn));
        }

        var slash = uri.AbsolutePath.LastIndexOf('/');
        var projectId = uri.AbsolutePath[(slash + 1)..];
        if (projectId.Length == 0)
        {
            throw new ArgumentException("Invalid DSN: it has no project id at the end of its path, as in https://key@host/1.", nameof(dsn));
        }

        var path = uri.AbsolutePath[..slash];
        return new Dsn(new UriBuilder(uri.Scheme, uri.Host, uri.Port, $"{path}/api/{projectId}/envelope/").Uri, publicKey);
    }
}
