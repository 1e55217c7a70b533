using System.Diagnostics;
using Xunit;

namespace StackExchange.Redis.Tests;

/// <summary>Waits for a state with a deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public static Task TrueAsync(Func<bool> state, string what) => TrueAsync(() => Task.FromResult(state()), what);

    public static async Task TrueAsync(Func<Task<bool>> state, string what)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await state())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Deadline, $"Not within {Deadline.TotalSeconds} s: {what}");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
