using System.Globalization;

namespace StackExchange.Redis;

/// <summary>When a value that is set goes away again; the default is never.</summary>
public readonly struct Expiration(TimeSpan ttl)
{
    private readonly TimeSpan? _ttl = ttl;

    internal string? Milliseconds => _ttl is { } ttl ? ToMilliseconds(ttl) : null;

    public static implicit operator Expiration(TimeSpan ttl) => new(ttl);

    internal static string ToMilliseconds(TimeSpan ttl) => ((long)ttl.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}

/// <summary>Under which condition a value is set; the default is always.</summary>
public readonly struct ValueCondition
{
    private readonly When _when;

    private ValueCondition(When when) => _when = when;

    /// <summary>Whether or not the key exists.</summary>
    public static ValueCondition Always => default;

    /// <summary>Only when the key exists.</summary>
    public static ValueCondition Exists => new(When.Exists);

    /// <summary>Only when the key does not exist.</summary>
    public static ValueCondition NotExists => new(When.NotExists);

    internal string? Keyword => _when switch
    {
        When.Exists => "XX",
        When.NotExists => "NX",
        _ => null,
    };

    public static implicit operator ValueCondition(When when) => new(when);
}
