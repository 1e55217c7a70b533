namespace Sentry;

/// <summary>Who was affected.</summary>
public sealed class SentryUser
{
    public string? Id { get; set; }

    public string? Username { get; set; }

    public string? Email { get; set; }

    public string? IpAddress { get; set; }

    public IDictionary<string, string> Other { get; set; } = new Dictionary<string, string>();

    internal bool IsEmpty => Id is null && Username is null && Email is null && IpAddress is null && Other.Count == 0;

    public SentryUser Clone() =>
        new() { Id = Id, Username = Username, Email = Email, IpAddress = IpAddress, Other = new Dictionary<string, string>(Other) };
}
