using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Platform.Shop.Tests.Support;

internal sealed record Line(LogLevel Level, string? Event, string Message);

/// <summary>What was logged.</summary>
internal sealed class Lines : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<Line> _lines = new();

    public IReadOnlyList<Line> All => [.. _lines];

    public int Count(string eventName) => _lines.Count(line => line.Event == eventName);

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => _lines.Enqueue(new Line(logLevel, eventId.Name, formatter(state, exception)));

    public void Dispose() { }
}
