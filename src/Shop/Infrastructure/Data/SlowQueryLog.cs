using Microsoft.Extensions.Logging;

namespace Platform.Infrastructure.Data;

/// <summary>
/// Turns Npgsql's log record of a finished command into a warning when it was slow. Log records and not spans, because unsampled queries
/// are slow too.
/// </summary>
internal sealed partial class SlowQueryLog(Func<ILoggerFactory> loggers) : ILoggerProvider
{
    public const string Category = "Npgsql.Command";

    private const double ThresholdMilliseconds = 500;

    public ILogger CreateLogger(string categoryName) => new CommandLog(loggers);

    public void Dispose() { }

    [LoggerMessage(
        EventId = 9402,
        EventName = "database.slow_query",
        Level = LogLevel.Warning,
        Message = "slow query: {DurationMs} ms: {Query}"
    )]
    private static partial void LogSlow(ILogger logger, double durationMs, string query);

    private sealed class CommandLog(Func<ILoggerFactory> loggers) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            // {"DurationMs": 612, "CommandText": "SELECT …", …}
            if (
                state is not IReadOnlyList<KeyValuePair<string, object?>> fields
                || fields.FirstOrDefault(field => field.Key == "DurationMs").Value is not IConvertible duration
                || duration.ToDouble(null) < ThresholdMilliseconds
            )
            {
                return;
            }

            var query = fields.FirstOrDefault(field => field.Key is "CommandText" or "BatchCommands").Value?.ToString() ?? "";
            LogSlow(loggers().CreateLogger("Platform.Database"), duration.ToDouble(null), SqlSpanName.Of(query));
        }
    }
}
