using StackExchange.Redis;

namespace Platform.Faults.Redis;

/// <summary>A fault that a client of Redis causes again and again; what it leaves in the server is undone by steps.</summary>
public abstract class RedisFault(string server, FaultText text) : Fault(server, text)
{
    // A paused server answers late.
    private const int TimeoutMilliseconds = 15_000;

    protected virtual TimeSpan Pause(FaultTarget target) => TimeSpan.Zero;

    public override async Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken)
    {
        var connectionString = await target.ConnectionStringAsync(cancellationToken);
        await using var redis = await ConnectAsync(connectionString).WaitAsync(cancellationToken);
        return await PlanAsync(redis.GetDatabase()) is { Count: > 0 } commands ? [new RedisUndo(connectionString, commands)] : [];
    }

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        var redis = await ConnectAsync(await target.ConnectionStringAsync(cancellationToken)).WaitAsync(cancellationToken);
        try
        {
            var repeating = await Repeating.StartAsync(
                token => HurtAsync(redis.GetDatabase(), target.Strength).WaitAsync(token),
                Pause(target),
                target,
                cancellationToken
            );
            return new Session(redis, repeating);
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
    }

    /// <summary>The commands that undo what outlives the client.</summary>
    protected virtual Task<IReadOnlyList<IReadOnlyList<string>>> PlanAsync(IDatabase redis) =>
        Task.FromResult<IReadOnlyList<IReadOnlyList<string>>>([]);

    protected abstract Task HurtAsync(IDatabase redis, double strength);

    private static async Task<ConnectionMultiplexer> ConnectAsync(string connectionString)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        (options.AsyncTimeout, options.AllowAdmin) = (TimeoutMilliseconds, true);
        return await ConnectionMultiplexer.ConnectAsync(options);
    }

    private sealed record Session(ConnectionMultiplexer Redis, Repeating Repeating) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Repeating.DisposeAsync();
            await Redis.DisposeAsync();
        }
    }
}

/// <summary>The server answers nobody: CLIENT PAUSE, again and again. The last one ends by itself.</summary>
public sealed class RedisFrozen(string server, string usersFeel)
    : RedisFault(
        server,
        new FaultText(
            "frozen",
            "Frozen",
            "Snowflake",
            usersFeel,
            "Commands end with a time-out and the cache's breaker opens; connections stay open, and nothing is refused."
        )
    )
{
    private const int PauseMilliseconds = 5_000;

    protected override Task HurtAsync(IDatabase redis, double strength) => redis.ExecuteAsync("CLIENT", "PAUSE", PauseMilliseconds, "ALL");
}

/// <summary>A script keeps the server's only thread busy for half of the time.</summary>
public sealed class RedisSlow(string server, string usersFeel)
    : RedisFault(
        server,
        new FaultText(
            "slow",
            "Slow",
            "Timer",
            usersFeel,
            "Spans of Redis take as long as one slow command now and then; SLOWLOG has it, and the server's CPU is busy."
        )
    )
{
    // One thread: while it counts time nobody else is served.
    private const string Script = """
        local function now() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end
        local ends = now() + tonumber(ARGV[1])
        while now() < ends do end
        return 1
        """;

    public override Strength Strength => new("Busy for", "ms", 10, 2_000, 300);

    protected override TimeSpan Pause(FaultTarget target) => TimeSpan.FromMilliseconds(target.Strength);

    protected override Task HurtAsync(IDatabase redis, double strength) => redis.ScriptEvaluateAsync(Script, values: [(int)strength]);
}

/// <summary>Large values fill the memory that the server may have, and push out what others wrote.</summary>
public sealed class KeysEvicted(string server, string usersFeel)
    : RedisFault(
        server,
        new FaultText(
            "keys-evicted",
            "Keys evicted",
            "DatabaseWarning",
            usersFeel,
            "Every read of the cache is a miss and goes to the database; nothing fails. INFO shows evicted_keys rising."
        )
    )
{
    private const int Values = 16;
    private const int ValueBytes = 256 << 10;
    private static readonly string[] Settings = ["maxmemory", "maxmemory-policy"];

    protected override TimeSpan Pause(FaultTarget target) => TimeSpan.FromMilliseconds(200);

    protected override async Task<IReadOnlyList<IReadOnlyList<string>>> PlanAsync(IDatabase redis)
    {
        var undo = new List<IReadOnlyList<string>>();
        foreach (var setting in Settings)
        {
            var before = (RedisResult[])(await redis.ExecuteAsync("CONFIG", "GET", setting))!;
            undo.Add(["CONFIG", "SET", setting, (string)before[1]!]);
        }

        undo.Add(["DEL", .. Enumerable.Range(0, Values).Select(KeyOf)]);
        return undo;
    }

    protected override async Task HurtAsync(IDatabase redis, double strength)
    {
        var startup = ((string)(await redis.ExecuteAsync("INFO", "memory"))!)
            .Split('\n')
            .Single(line => line.StartsWith("used_memory_startup:", StringComparison.Ordinal))
            .Split(':')[1]
            .Trim();
        var room = long.Parse(startup, System.Globalization.CultureInfo.InvariantCulture) + (Values / 2 * ValueBytes);
        await redis.ExecuteAsync("CONFIG", "SET", "maxmemory-policy", "allkeys-random");
        await redis.ExecuteAsync("CONFIG", "SET", "maxmemory", room);
        for (var value = 0; value < Values; value++)
        {
            await redis.StringSetAsync(KeyOf(value), new byte[ValueBytes]);
        }
    }

    private static string KeyOf(int value) => $"export:part:{value}";
}
