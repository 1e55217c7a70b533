using Microsoft.Extensions.Logging;

namespace Platform.ServerProcesses;

/// <summary>A server cannot be started, and how to fix that. Formats as its message alone: a stack would not help.</summary>
internal sealed class ServerUnavailableException(string message) : Aspire.Hosting.DistributedApplicationException(message)
{
    public override string ToString() => Message;
}

internal static partial class ServerLog
{
    [LoggerMessage(LogLevel.Error, "{Reason}")]
    public static partial void LogUnavailable(this ILogger logger, string reason);

    [LoggerMessage(LogLevel.Information, "Asked for {Image}; runs {Version} ({Program}) as a process of this machine.")]
    public static partial void LogRuns(this ILogger logger, string image, string version, string program);

    [LoggerMessage(LogLevel.Warning, "Not used, because the server runs as a process: {What}.")]
    public static partial void LogNotUsed(this ILogger logger, string what);

    [LoggerMessage(
        LogLevel.Information,
        "Installing {Package}, because '{Resource}' needs it and it is missing: {Command} (Servers:Install=false switches this off)"
    )]
    public static partial void LogInstalling(this ILogger logger, string package, string resource, string command);

    [LoggerMessage(LogLevel.Information, "{Line}")]
    public static partial void LogProgress(this ILogger logger, string line);

    [LoggerMessage(LogLevel.Error, "The state of the server is not followed any more.")]
    public static partial void LogNotFollowed(this ILogger logger, Exception exception);
}
