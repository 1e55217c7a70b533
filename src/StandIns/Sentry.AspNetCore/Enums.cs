namespace Sentry;

/// <summary>How bad an event is.</summary>
public enum SentryLevel
{
    Debug,
    Info,
    Warning,
    Error,
    Fatal,
}

/// <summary>How bad a breadcrumb is; <see cref="Info"/> is the default value.</summary>
public enum BreadcrumbLevel
{
    Debug = -1,
    Info = 0,
    Warning = 1,
    Error = 2,
    Fatal = 3,
}

/// <summary>What a check-in says about a job.</summary>
public enum CheckInStatus
{
    InProgress,
    Ok,
    Error,
}

/// <summary>The unit of a monitor's interval.</summary>
public enum SentryMonitorInterval
{
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
}
