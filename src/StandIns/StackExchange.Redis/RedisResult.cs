namespace StackExchange.Redis;

/// <summary>What a script returned: a value, or an array of results.</summary>
public abstract class RedisResult
{
    private protected RedisResult()
    {
    }

    /// <summary>The script returned nothing.</summary>
    public abstract bool IsNull { get; }

    /// <summary>How many elements an array has; -1 for anything else.</summary>
    public virtual int Length => -1;

    /// <summary>An element of an array.</summary>
    public virtual RedisResult this[int index] => throw new InvalidCastException("The result is not an array.");

    internal abstract RedisValue AsValue();

    internal virtual RedisResult[]? AsArray() => throw new InvalidCastException("The result is not an array.");

    public static explicit operator string?(RedisResult? result) => result?.AsValue();

    public static explicit operator byte[]?(RedisResult? result) => result?.AsValue();

    public static explicit operator bool(RedisResult result) => (bool)result.AsValue();

    public static explicit operator int(RedisResult result) => (int)result.AsValue();

    public static explicit operator long(RedisResult result) => (long)result.AsValue();

    public static explicit operator double(RedisResult result) => (double)result.AsValue();

    public static explicit operator RedisValue(RedisResult? result) => result?.AsValue() ?? RedisValue.Null;

    public static explicit operator RedisResult[]?(RedisResult? result) => result?.AsArray();

    public static explicit operator RedisValue[]?(RedisResult? result) => Map(result, element => element.AsValue());

    public static explicit operator long[]?(RedisResult? result) => Map(result, element => (long)element.AsValue());

    public override string ToString() => AsValue().ToString();

    private static T[]? Map<T>(RedisResult? result, Converter<RedisResult, T> convert)
        => result?.AsArray() is { } elements ? Array.ConvertAll(elements, convert) : null;
}

internal sealed class ValueResult(RedisValue value) : RedisResult
{
    public override bool IsNull => value.IsNull;

    internal override RedisValue AsValue() => value;

    // "*-1" and "$-1" both mean nothing.
    internal override RedisResult[]? AsArray() => value.IsNull ? null : base.AsArray();
}

internal sealed class ArrayResult(RedisResult[] elements) : RedisResult
{
    public override bool IsNull => false;

    public override int Length => elements.Length;

    public override RedisResult this[int index] => elements[index];

    public override string ToString() => $"{elements.Length} element(s)";

    internal override RedisValue AsValue() => throw new InvalidCastException("The result is an array.");

    internal override RedisResult[] AsArray() => elements;
}

/// <summary>"-WRONGTYPE Operation against a key …": thrown for a whole reply, and for an element of an array when it is read.</summary>
internal sealed class ErrorResult(string message) : RedisResult
{
    public string Message => message;

    public override bool IsNull => false;

    public override string ToString() => message;

    internal override RedisValue AsValue() => throw new RedisServerException(message);

    internal override RedisResult[] AsArray() => throw new RedisServerException(message);
}
