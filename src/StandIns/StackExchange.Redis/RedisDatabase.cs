using System.Diagnostics;

namespace StackExchange.Redis;

/// <summary>The commands as text, and the replies as values.</summary>
internal sealed class RedisDatabase(ConnectionMultiplexer multiplexer, int database) : IDatabase
{
    public int Database => database;

    public async Task<TimeSpan> PingAsync(CommandFlags flags = CommandFlags.None)
    {
        var started = Stopwatch.GetTimestamp();
        await ExecuteAsync(new("PING"));
        return Stopwatch.GetElapsedTime(started);
    }

    public async Task<bool> KeyDeleteAsync(RedisKey key, CommandFlags flags = CommandFlags.None)
        => (bool)await ExecuteAsync(new("DEL", key));

    public async Task<bool> KeyExpireAsync(
        RedisKey key, TimeSpan? expiry, ExpireWhen when = ExpireWhen.Always, CommandFlags flags = CommandFlags.None)
    {
        if (expiry is null)
        {
            return (bool)await ExecuteAsync(new("PERSIST", key));
        }

        List<RespArgument> arguments = [key, Expiration.ToMilliseconds(expiry.Value)];
        AddUnlessNull(arguments, when switch
        {
            ExpireWhen.GreaterThanCurrentExpiry => "GT",
            ExpireWhen.HasExpiry => "XX",
            ExpireWhen.HasNoExpiry => "NX",
            ExpireWhen.LessThanCurrentExpiry => "LT",
            _ => null,
        });
        return (bool)await ExecuteAsync(new("PEXPIRE", arguments));
    }

    public Task<RedisResult> ScriptEvaluateAsync(
        string script, RedisKey[]? keys = null, RedisValue[]? values = null, CommandFlags flags = CommandFlags.None)
    {
        keys ??= [];
        List<RespArgument> arguments = [script, (RedisValue)keys.Length];
        arguments.AddRange(keys.Select(key => (RespArgument)key));
        arguments.AddRange((values ?? []).Select(value => (RespArgument)value));
        return ExecuteAsync(new("EVAL", arguments));
    }

    public async Task<RedisValue> StringGetAsync(RedisKey key, CommandFlags flags = CommandFlags.None)
        => (RedisValue)await ExecuteAsync(new("GET", key));

    public async Task<long> StringIncrementAsync(RedisKey key, long value = 1, CommandFlags flags = CommandFlags.None)
        => (long)await ExecuteAsync(value == 1 ? new("INCR", key) : new("INCRBY", key, (RedisValue)value));

    public async Task<bool> StringSetAsync(
        RedisKey key,
        RedisValue value,
        Expiration expiry = default,
        ValueCondition when = default,
        CommandFlags flags = CommandFlags.None)
    {
        List<RespArgument> arguments = [key, value];
        if (expiry.Milliseconds is { } milliseconds)
        {
            arguments.AddRange(["PX", milliseconds]);
        }

        AddUnlessNull(arguments, when.Keyword);
        return !(await ExecuteAsync(new("SET", arguments))).IsNull;
    }

    public Task<bool> StringSetAsync(RedisKey key, RedisValue value, TimeSpan? expiry, When when)
        => StringSetAsync(key, value, expiry is { } ttl ? ttl : default(Expiration), (ValueCondition)when);

    private static void AddUnlessNull(List<RespArgument> arguments, string? keyword)
    {
        if (keyword is not null)
        {
            arguments.Add(keyword);
        }
    }

    private Task<RedisResult> ExecuteAsync(RespCommand command) => multiplexer.ExecuteAsync(command);
}
