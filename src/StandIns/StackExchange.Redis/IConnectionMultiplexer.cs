namespace StackExchange.Redis;

/// <summary>One shared connection for all callers of a process.</summary>
public interface IConnectionMultiplexer : IDisposable, IAsyncDisposable
{
    /// <summary>Whether commands can be sent right now.</summary>
    bool IsConnected { get; }

    /// <summary>The commands; cheap, nothing to dispose.</summary>
    IDatabase GetDatabase(int db = -1, object? asyncState = null);

    /// <summary>Closes for good, after or (false) without the answers to what was sent.</summary>
    void Close(bool allowCommandsToComplete = true);

    /// <summary>Closes for good, after or (false) without the answers to what was sent.</summary>
    Task CloseAsync(bool allowCommandsToComplete = true);
}
