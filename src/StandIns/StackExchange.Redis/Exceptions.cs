namespace StackExchange.Redis;

/// <summary>Something about Redis failed.</summary>
public class RedisException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>There is no usable connection.</summary>
public sealed class RedisConnectionException(ConnectionFailureType failureType, string message, Exception? innerException = null)
    : RedisException(message, innerException)
{
    /// <summary>Why.</summary>
    public ConnectionFailureType FailureType { get; } = failureType;
}

/// <summary>The server answered with an error.</summary>
public sealed class RedisServerException(string message) : RedisException(message);

/// <summary>The answer did not come in time; the server may still run the command.</summary>
public sealed class RedisTimeoutException(string message, CommandStatus commandStatus) : TimeoutException(message)
{
    /// <summary>How far the command had come.</summary>
    public CommandStatus Commandstatus { get; } = commandStatus;
}
