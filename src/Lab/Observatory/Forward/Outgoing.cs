namespace Platform.Observatory.Forward;

/// <summary>How this process calls destinations.</summary>
internal static class Outgoing
{
    /// <summary>For one attempt, answer included.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Without a propagator the handler makes no activity and no header of a trace: telemetry about telemetry would never end.
    /// Redirects are not followed, since they would carry the key of one host to another.
    /// </summary>
    public static SocketsHttpHandler Handler() =>
        new()
        {
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),

            // A destination that moved to another address is found again.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
}
