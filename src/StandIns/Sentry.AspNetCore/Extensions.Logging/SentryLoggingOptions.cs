using Microsoft.Extensions.Logging;

namespace Sentry.Extensions.Logging;

/// <summary>Which log lines become breadcrumbs and which become events.</summary>
public class SentryLoggingOptions : SentryOptions
{
    public SentryLoggingOptions() => SdkName = "sentry.dotnet.extensions.logging";

    public LogLevel MinimumBreadcrumbLevel { get; set; } = LogLevel.Information;

    public LogLevel MinimumEventLevel { get; set; } = LogLevel.Error;

    internal List<Func<string, LogLevel, EventId, Exception?, bool>> LogEntryFilters { get; } = [];
}

public static class SentryLoggingOptionsExtensions
{
    /// <summary>True from the filter keeps a log line from becoming a breadcrumb or an event.</summary>
    public static void AddLogEntryFilter(this SentryLoggingOptions options, Func<string, LogLevel, EventId, Exception?, bool> filter) =>
        options.LogEntryFilters.Add(filter);
}
