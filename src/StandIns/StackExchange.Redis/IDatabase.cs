namespace StackExchange.Redis;

/// <summary>Commands without a key.</summary>
public interface IRedisAsync
{
    /// <summary>How long the server takes to answer.</summary>
    Task<TimeSpan> PingAsync(CommandFlags flags = CommandFlags.None);
}

/// <summary>Commands of one database.</summary>
public interface IDatabaseAsync : IRedisAsync
{
    /// <summary>Removes a key; false when there was none.</summary>
    Task<bool> KeyDeleteAsync(RedisKey key, CommandFlags flags = CommandFlags.None);

    /// <summary>Sets or (null) removes an expiry; false when there is no such key or <paramref name="when"/> does not hold.</summary>
    Task<bool> KeyExpireAsync(
        RedisKey key, TimeSpan? expiry, ExpireWhen when = ExpireWhen.Always, CommandFlags flags = CommandFlags.None);

    /// <summary>Runs a Lua script with KEYS and ARGV.</summary>
    Task<RedisResult> ScriptEvaluateAsync(
        string script, RedisKey[]? keys = null, RedisValue[]? values = null, CommandFlags flags = CommandFlags.None);

    /// <summary>The value of a key, or <see cref="RedisValue.Null"/>.</summary>
    Task<RedisValue> StringGetAsync(RedisKey key, CommandFlags flags = CommandFlags.None);

    /// <summary>Adds to the number in a key and returns the sum.</summary>
    Task<long> StringIncrementAsync(RedisKey key, long value = 1, CommandFlags flags = CommandFlags.None);

    /// <summary>Sets a value; false when <paramref name="when"/> does not hold.</summary>
    Task<bool> StringSetAsync(
        RedisKey key, RedisValue value, Expiration expiry = default, ValueCondition when = default, CommandFlags flags = CommandFlags.None);

    /// <summary>Sets a value; false when <paramref name="when"/> does not hold.</summary>
    Task<bool> StringSetAsync(RedisKey key, RedisValue value, TimeSpan? expiry, When when);
}

/// <summary>One database of a server.</summary>
public interface IDatabase : IDatabaseAsync
{
    /// <summary>The number of the database.</summary>
    int Database { get; }
}
