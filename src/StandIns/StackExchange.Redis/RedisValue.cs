using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace StackExchange.Redis;

/// <summary>What is stored under a key. Redis knows bytes only; numbers are their decimal text.</summary>
public readonly struct RedisValue : IEquatable<RedisValue>
{
    private readonly byte[]? _bytes;

    private RedisValue(byte[]? bytes) => _bytes = bytes;

    /// <summary>No value; what a read of a missing key gives.</summary>
    public static RedisValue Null => default;

    /// <summary>A value without content.</summary>
    public static RedisValue EmptyString { get; } = new([]);

    /// <summary>There is no value.</summary>
    public bool IsNull => _bytes is null;

    /// <summary>There is no value, or it has no content.</summary>
    public bool IsNullOrEmpty => _bytes is null or { Length: 0 };

    /// <summary>There is a value with content.</summary>
    public bool HasValue => !IsNullOrEmpty;

    internal byte[] Bytes => _bytes ?? throw new ArgumentException("A null value is not valid in this context.");

    public static implicit operator RedisValue(string? value) => new(value is null ? null : Encoding.UTF8.GetBytes(value));

    public static implicit operator RedisValue(byte[]? value) => new(value);

    public static implicit operator RedisValue(int value) => (long)value;

    public static implicit operator RedisValue(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static implicit operator RedisValue(double value) => value switch
    {
        // The spelling that Redis itself uses.
        double.PositiveInfinity => "+inf",
        double.NegativeInfinity => "-inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    public static implicit operator RedisValue(bool value) => value ? 1L : 0L;

    public static implicit operator string?(RedisValue value) => value._bytes is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    public static implicit operator byte[]?(RedisValue value) => value._bytes;

    public static explicit operator bool(RedisValue value) => (long)value != 0;

    public static explicit operator int(RedisValue value) => checked((int)(long)value);

    /// <summary>No value counts as 0, as it does for INCR.</summary>
    public static explicit operator long(RedisValue value)
        => value.IsNull ? 0 : value.TryParse(out long number) ? number : throw NotA("an integer");

    public static explicit operator double(RedisValue value)
        => value.IsNull ? 0 : value.TryParse(out double number) ? number : throw NotA("a number");

    public static bool operator ==(RedisValue x, RedisValue y) => x.Equals(y);

    public static bool operator !=(RedisValue x, RedisValue y) => !x.Equals(y);

    /// <summary>Whether the value is an integer, and which.</summary>
    public bool TryParse(out long val) => long.TryParse(_bytes, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out val);

    /// <summary>Whether the value is a number, and which.</summary>
    public bool TryParse(out double val)
    {
        switch ((string?)this)
        {
            case "inf" or "+inf":
                val = double.PositiveInfinity;
                return true;
            case "-inf":
                val = double.NegativeInfinity;
                return true;
            case var text:
                return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out val);
        }
    }

    public bool Equals(RedisValue other)
        => _bytes is null ? other._bytes is null : other._bytes is not null && _bytes.AsSpan().SequenceEqual(other._bytes);

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is RedisValue other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }

    public override string ToString() => (string?)this ?? "";

    // Without the value itself: it may be personal, and exceptions are logged.
    private static InvalidCastException NotA(string type) => new($"The value is not {type}.");
}
