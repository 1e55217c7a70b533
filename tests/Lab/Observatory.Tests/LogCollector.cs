using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Platform.Observatory.Tests;

/// <summary>Keeps what is logged, with the state of each entry and of the scopes around it.</summary>
internal sealed class LogCollector : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _lines);

    public void Dispose() { }

    private sealed class Logger(string category, ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            lines.Enqueue($"{category} scope {Text(state)}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => lines.Enqueue($"{category} {formatter(state, exception)} {Text(state)} {exception}");

        private static string Text<TState>(TState state) =>
            state is IEnumerable<KeyValuePair<string, object?>> pairs ? $"{state} {string.Join(' ', pairs)}" : $"{state}";
    }
}
