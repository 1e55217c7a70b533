namespace Platform.Observatory.Forward;

/// <summary>
/// Delay before the next attempt: exponential, half of it jitter so that several senders do not come back together. Capped at MaxDelay, so
/// that a recovered destination is found soon; a delay that the destination asks for is capped at MaxRetryAfter.
/// </summary>
internal static class Backoff
{
    public static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(5);

    public static TimeSpan Of(int attempt, TimeSpan? retryAfter, double jitter)
    {
        var delay = Math.Min(MaxDelay.TotalSeconds, First.TotalSeconds * Math.Pow(2, Math.Min(attempt, 16))) * (0.5 + (0.5 * jitter));
        return TimeSpan.FromSeconds(retryAfter is { } time ? Math.Clamp(time.TotalSeconds, delay, MaxRetryAfter.TotalSeconds) : delay);
    }
}
