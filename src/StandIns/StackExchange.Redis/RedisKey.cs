using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace StackExchange.Redis;

/// <summary>The name of a value in the database: text or bytes.</summary>
public readonly struct RedisKey : IEquatable<RedisKey>
{
    private readonly byte[]? _bytes;

    private RedisKey(byte[]? bytes) => _bytes = bytes;

    internal byte[] Bytes => _bytes ?? throw new ArgumentException("A null key is not valid in this context.");

    public static implicit operator RedisKey(string? key) => new(key is null ? null : Encoding.UTF8.GetBytes(key));

    public static implicit operator RedisKey(byte[]? key) => new(key);

    public static implicit operator string?(RedisKey key) => key._bytes is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    public static implicit operator byte[]?(RedisKey key) => key._bytes;

    public static bool operator ==(RedisKey x, RedisKey y) => x.Equals(y);

    public static bool operator !=(RedisKey x, RedisKey y) => !x.Equals(y);

    public bool Equals(RedisKey other)
        => _bytes is null ? other._bytes is null : other._bytes is not null && _bytes.AsSpan().SequenceEqual(other._bytes);

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is RedisKey other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }

    public override string ToString() => (string?)this ?? "(null)";
}
