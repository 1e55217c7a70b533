namespace Platform.Observatory.Text;

/// <summary>Nanoseconds since 1970, as OTLP counts, and .NET's time.</summary>
internal static class UnixTime
{
    private const ulong NanosPerTick = 100;

    // The largest 64-bit count of nanoseconds is the year 2554, inside .NET's range.
    public static DateTimeOffset Of(ulong nanos) => DateTimeOffset.UnixEpoch.AddTicks((long)(nanos / NanosPerTick));

    /// <summary>Whole seconds, which fit until 2106.</summary>
    public static uint SecondsOf(DateTimeOffset time) => (uint)Math.Clamp(time.ToUnixTimeSeconds(), 0, uint.MaxValue);

    public static ulong NanosOf(DateTimeOffset time) =>
        time <= DateTimeOffset.UnixEpoch
            ? 0
            : (ulong)Math.Min((time - DateTimeOffset.UnixEpoch).Ticks, long.MaxValue / (long)NanosPerTick) * NanosPerTick;
}
