namespace Sentry.Extensibility;

/// <summary>True from <see cref="Filter"/> keeps an exception from being reported.</summary>
public interface IExceptionFilter
{
    bool Filter(Exception ex);
}

/// <summary>Changes an event, or drops it by returning null.</summary>
public interface ISentryEventProcessor
{
    SentryEvent? Process(SentryEvent @event);
}

/// <summary>Receives the SDK's own diagnostics.</summary>
public interface IDiagnosticLogger
{
    bool IsEnabled(SentryLevel level);

    void Log(SentryLevel logLevel, string message, Exception? exception = null, params object?[] args);
}

/// <summary>How much of a request's body is sent. Only <see cref="None"/> works here.</summary>
public enum RequestSize
{
    None,
    Small,
    Medium,
    Always,
}

internal sealed class ConsoleDiagnosticLogger(SentryLevel minimumLevel) : IDiagnosticLogger
{
    public bool IsEnabled(SentryLevel level) => level >= minimumLevel;

    public void Log(SentryLevel logLevel, string message, Exception? exception = null, params object?[] args)
    {
        var text = string.Format(System.Globalization.CultureInfo.InvariantCulture, message, args);
        Console.Error.WriteLine(exception is null ? $"Sentry {logLevel}: {text}" : $"Sentry {logLevel}: {text} {exception}");
    }
}

internal sealed class DelegateEventProcessor(Func<SentryEvent, SentryEvent?> process) : ISentryEventProcessor
{
    public SentryEvent? Process(SentryEvent @event) => process(@event);
}

internal sealed class ExceptionTypeFilter<TException> : IExceptionFilter
    where TException : Exception
{
    public bool Filter(Exception ex) => ex is TException;
}
