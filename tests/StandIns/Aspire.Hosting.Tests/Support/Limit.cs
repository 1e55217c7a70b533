namespace Aspire.Hosting.Tests.Support;

internal static class Limit
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    /// <summary>Every wait of a test ends, at the latest, here.</summary>
    public static CancellationToken Token
    {
        get
        {
            var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            source.CancelAfter(Longest);
            return source.Token;
        }
    }

    /// <summary>For state outside this process, which nobody announces.</summary>
    public static async Task EventuallyAsync(Func<bool> condition, string what)
    {
        var deadline = Token;
        while (!condition())
        {
            Assert.False(deadline.IsCancellationRequested, $"Not within {Longest.TotalSeconds} s: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        }
    }
}
