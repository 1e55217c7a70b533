using System.Collections;

namespace Platform.Testing;

/// <summary>Waits for a state of the outside world. The failure says what was seen last.</summary>
public static class Eventually
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);

    // A state that comes soon is seen soon, and one that takes its time is not asked for all the while.
    private static readonly TimeSpan FirstInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Reads until the condition holds, and returns the value that fulfilled it.</summary>
    /// <param name="read">Reads the state.</param>
    /// <param name="condition">True for the state that is waited for.</param>
    /// <param name="what">What is waited for, for the failure.</param>
    /// <param name="timeout">60 seconds if null.</param>
    /// <exception cref="TimeoutException">The condition did not hold in time.</exception>
    public static async Task<T> GetAsync<T>(Func<Task<T>> read, Func<T, bool> condition, string what, TimeSpan? timeout = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        var limit = timeout ?? DefaultTimeout;
        using var timer = new PeriodicTimer(FirstInterval);
        while (true)
        {
            var value = await read();
            if (condition(value))
            {
                return value;
            }

            if (TimeProvider.System.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException($"{what}: not within {limit.TotalSeconds} s; last seen: {Describe(value)}");
            }

            await timer.WaitForNextTickAsync();
            timer.Period = timer.Period * 2 < LongestInterval ? timer.Period * 2 : LongestInterval;
        }
    }

    /// <inheritdoc cref="GetAsync{T}"/>
    public static Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? timeout = null) =>
        GetAsync(condition, holds => holds, what, timeout);

    /// <inheritdoc cref="GetAsync{T}"/>
    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? timeout = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, timeout);

    private static string? Describe<T>(T value) =>
        value is IEnumerable items and not string ? $"[{string.Join(", ", items.Cast<object>())}]" : value?.ToString();
}
