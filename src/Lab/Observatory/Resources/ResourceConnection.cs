namespace Platform.Observatory.Resources;

/// <summary>Whether the AppHost is there: since when, and if not, why not.</summary>
internal sealed record ResourceConnection(ConnectionState State, DateTimeOffset Since, string Reason);

internal enum ConnectionState
{
    /// <summary>No address was given.</summary>
    NotConfigured,
    Connecting,
    Connected,

    /// <summary>What is shown is what was known last.</summary>
    Lost,
}
