namespace Sentry;

/// <summary>The HTTP request during which an event happened.</summary>
public sealed class SentryRequest
{
    public string? Url { get; set; }

    public string? Method { get; set; }

    public object? Data { get; set; }

    public string? QueryString { get; set; }

    public string? Cookies { get; set; }

    public IDictionary<string, string> Headers { get; internal set; } = new Dictionary<string, string>();

    public IDictionary<string, string> Env { get; internal set; } = new Dictionary<string, string>();

    public IDictionary<string, string> Other { get; internal set; } = new Dictionary<string, string>();

    internal bool IsEmpty =>
        Url is null && Method is null && Data is null && QueryString is null && Cookies is null
        && Headers.Count == 0 && Env.Count == 0 && Other.Count == 0;

    public SentryRequest Clone() =>
        new()
        {
            Url = Url,
            Method = Method,
            Data = Data,
            QueryString = QueryString,
            Cookies = Cookies,
            Headers = new Dictionary<string, string>(Headers),
            Env = new Dictionary<string, string>(Env),
            Other = new Dictionary<string, string>(Other),
        };
}
