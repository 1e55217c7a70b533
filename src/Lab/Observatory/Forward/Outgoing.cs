namespace Platform.Observatory.Forward;

/// <summary>HTTP settings for calls to destinations.</summary>
internal static class Outgoing
{
    /// <summary>For one attempt, response included.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Without a propagator the handler creates no activity and no trace header: telemetry about telemetry would never end. Redirects are
    /// not followed, since they would carry the key of one host to another.
    /// </summary>
    public static SocketsHttpHandler Handler() =>
        new()
        {
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),

            // Picks up DNS changes of a destination.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
}
