using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Sentry.Extensions.Logging;

/// <summary>Makes events of errors and breadcrumbs of the lines before them.</summary>
internal sealed class SentryLogger(string category, Hub hub, SentryLoggingOptions options) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => hub.PushScope(state);

    public bool IsEnabled(LogLevel logLevel) =>
        logLevel != LogLevel.None
        && hub.IsEnabled
        && (logLevel >= options.MinimumBreadcrumbLevel || logLevel >= options.MinimumEventLevel);

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)
            || category == "Sentry"
            || category.StartsWith("Sentry.", StringComparison.Ordinal)
            || options.LogEntryFilters.Exists(filter => filter(category, logLevel, eventId, exception)))
        {
            return;
        }

        var text = formatter(state, exception);
        if (logLevel >= options.MinimumEventLevel)
        {
            hub.CaptureEvent(ToEvent(logLevel, eventId, state, exception, text));
        }

        // An event too: the next event then shows that this one came before.
        if (logLevel >= options.MinimumBreadcrumbLevel)
        {
            hub.AddBreadcrumb(ToBreadcrumb(logLevel, eventId, exception, text));
        }
    }

    private SentryEvent ToEvent<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, string text)
    {
        var evt = new SentryEvent(exception)
        {
            Logger = category,
            Level = logLevel switch
            {
                LogLevel.Critical => SentryLevel.Fatal,
                LogLevel.Error => SentryLevel.Error,
                LogLevel.Warning => SentryLevel.Warning,
                LogLevel.Information => SentryLevel.Info,
                _ => SentryLevel.Debug,
            },
            Message = new SentryMessage { Formatted = text },
        };
        if (state is IEnumerable<KeyValuePair<string, object?>> values)
        {
            foreach (var (key, value) in values)
            {
                if (key == "{OriginalFormat}")
                {
                    evt.Message.Message = value as string;
                }
                else if (value is string or Guid or bool or char or int or long or short or byte or uint or ulong or decimal or double or float
                    && Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } tag)
                {
                    evt.SetTag(key, tag);
                }
            }
        }

        if (Name(eventId) is { } name)
        {
            evt.SetTag("eventId", name);
        }

        return evt;
    }

    private Breadcrumb ToBreadcrumb(LogLevel logLevel, EventId eventId, Exception? exception, string text)
    {
        Dictionary<string, string>? data = null;
        if (Name(eventId) is { } name)
        {
            data = new() { ["eventId"] = name };
        }

        if (exception is not null && exception.Message != text)
        {
            (data ??= [])["exception_message"] = Text.Shorten(exception.Message)!;
        }

        return new Breadcrumb(
            DateTimeOffset.UtcNow,
            text,
            type: null,
            data,
            category,
            logLevel switch
            {
                LogLevel.Critical => BreadcrumbLevel.Fatal,
                LogLevel.Error => BreadcrumbLevel.Error,
                LogLevel.Warning => BreadcrumbLevel.Warning,
                LogLevel.Information => BreadcrumbLevel.Info,
                _ => BreadcrumbLevel.Debug,
            });
    }

    private static string? Name(EventId eventId) =>
        !string.IsNullOrEmpty(eventId.Name) ? eventId.Name
        : eventId.Id != 0 ? eventId.Id.ToString(CultureInfo.InvariantCulture)
        : null;
}
