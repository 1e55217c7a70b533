namespace Platform.Observatory.Forward;

/// <summary>
/// How long to wait before the next attempt: twice as long each time, half of it by chance, so that several senders do not come back
/// together. A destination that is back is found within MaxOwn; what it asks for itself holds up to MaxAsked.
/// </summary>
internal static class Backoff
{
    public static readonly TimeSpan MaxAsked = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxOwn = TimeSpan.FromSeconds(5);

    public static TimeSpan Of(int attempt, TimeSpan? asked, double chance)
    {
        var own = Math.Min(MaxOwn.TotalSeconds, First.TotalSeconds * Math.Pow(2, Math.Min(attempt, 16))) * (0.5 + (0.5 * chance));
        return TimeSpan.FromSeconds(asked is { } time ? Math.Clamp(time.TotalSeconds, own, MaxAsked.TotalSeconds) : own);
    }
}
