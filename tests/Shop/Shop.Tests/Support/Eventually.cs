using System.Diagnostics;

namespace Platform.Shop.Tests.Support;

internal static class Eventually
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    public static Task TrueAsync(Func<bool> condition, string what) =>
        GetAsync(() => Task.FromResult(condition()), static fulfilled => fulfilled, what);

    /// <summary>Asks until the value is the one that is wanted; the last value seen is in the failure.</summary>
    public static async Task<T> GetAsync<T>(Func<Task<T>> get, Func<T, bool> wanted, string what)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var value = await get();
            if (wanted(value))
            {
                return value;
            }

            Assert.True(Stopwatch.GetElapsedTime(started) < Deadline, $"Not within {Deadline.TotalSeconds} s: {what}. Last seen: {value}");
            await Task.Delay(Interval, TestContext.Current.CancellationToken);
        }
    }
}
