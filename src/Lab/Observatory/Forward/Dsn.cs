namespace Platform.Observatory.Forward;

/// <summary>
/// Where a DSN sends to: <c>https://key@host/path/42</c> is POST https://host/path/api/42/envelope/ with the key in a header.
/// </summary>
internal sealed record Dsn(Uri Envelopes, string Key)
{
    public static Dsn? TryRead(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            return null;
        }

        var key = Uri.UnescapeDataString(address.UserInfo.Split(':')[0]);
        var path = address.AbsolutePath.TrimEnd('/');
        var project = path[(path.LastIndexOf('/') + 1)..];

        if (project.Length == 0 || key.Length == 0 || !key.All(char.IsAsciiLetterOrDigit))
        {
            return null;
        }

        var before = path[..^project.Length];
        return new Dsn(new Uri($"{address.GetLeftPart(UriPartial.Scheme)}{address.Authority}{before}api/{project}/envelope/"), key);
    }
}
