namespace StackExchange.Redis;

/// <summary>Under which condition a value is set.</summary>
public enum When
{
    /// <summary>Whether or not the key exists.</summary>
    Always,

    /// <summary>Only when the key exists.</summary>
    Exists,

    /// <summary>Only when the key does not exist.</summary>
    NotExists,
}

/// <summary>Under which condition an expiry is set.</summary>
public enum ExpireWhen
{
    /// <summary>In any case.</summary>
    Always,

    /// <summary>Only when the new expiry is later than the current one.</summary>
    GreaterThanCurrentExpiry,

    /// <summary>Only when the key has an expiry.</summary>
    HasExpiry,

    /// <summary>Only when the key has no expiry.</summary>
    HasNoExpiry,

    /// <summary>Only when the new expiry is earlier than the current one.</summary>
    LessThanCurrentExpiry,
}

/// <summary>How a command is sent.</summary>
[Flags]
public enum CommandFlags
{
    /// <summary>In the ordinary way.</summary>
    None = 0,
}

/// <summary>Why a connection cannot be used.</summary>
public enum ConnectionFailureType
{
    /// <summary>It can be used.</summary>
    None = 0,

    /// <summary>The connection broke, or the server stopped answering.</summary>
    SocketFailure = 2,

    /// <summary>The server refused user or password.</summary>
    AuthenticationFailure = 3,

    /// <summary>The server sent something that is not RESP, or more than this client takes.</summary>
    ProtocolFailure = 4,

    /// <summary>This client has reached a limit of its own.</summary>
    InternalFailure = 5,

    /// <summary>The server closed the connection.</summary>
    SocketClosed = 6,

    /// <summary>This side closed the connection.</summary>
    ConnectionDisposed = 7,

    /// <summary>The server is still loading its data.</summary>
    Loading = 8,

    /// <summary>No connection could be opened.</summary>
    UnableToConnect = 9,
}

/// <summary>How far a command had come when it failed.</summary>
public enum CommandStatus
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>Not yet written to the connection.</summary>
    WaitingToBeSent,

    /// <summary>Written; the server may have run it.</summary>
    Sent,
}
