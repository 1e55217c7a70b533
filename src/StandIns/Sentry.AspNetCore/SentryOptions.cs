using System.Text.RegularExpressions;
using Sentry.Extensibility;
using Sentry.Reporting;

namespace Sentry;

/// <summary>How the SDK behaves.</summary>
public class SentryOptions
{
    private float? _sampleRate;
    private double? _tracesSampleRate;
    private bool _autoSessionTracking;

    public string? Dsn { get; set; }

    public string? Release { get; set; }

    public string? Environment { get; set; }

    public string? Distribution { get; set; }

    public string? ServerName { get; set; }

    /// <summary>Share of events that are sent; null is all.</summary>
    public float? SampleRate
    {
        get => _sampleRate;
        set => _sampleRate = value is null or (> 0 and <= 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The sample rate is greater than 0 and at most 1; null sends everything.");
    }

    /// <summary>Kept only so that it can be null or 0: this stand-in records no transactions.</summary>
    public double? TracesSampleRate
    {
        get => _tracesSampleRate;
        set => _tracesSampleRate = value is null or (>= 0 and <= 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The sample rate is between 0 and 1.");
    }

    public bool SendDefaultPii { get; set; }

    public bool AttachStacktrace { get; set; } = true;

    public int MaxBreadcrumbs { get; set; } = 100;

    public int MaxQueueItems { get; set; } = 30;

    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(2);

    public TimeSpan FlushTimeout { get; set; } = TimeSpan.FromSeconds(2);

    public bool SendClientReports { get; set; } = true;

    /// <summary>An event in the caller for each answer of 500 to 599 that an HttpClient of IHttpClientFactory gets.</summary>
    public bool CaptureFailedRequests { get; set; } = true;

    public bool DisableSentryHttpMessageHandler { get; set; }

    /// <summary>Honoured by nature: this stand-in writes no files.</summary>
    public bool DisableFileWrite { get; set; }

    public bool AutoSessionTracking
    {
        get => _autoSessionTracking;
        set => _autoSessionTracking = value ? throw Unsupported("AutoSessionTracking") : value;
    }

    public bool Debug { get; set; }

    public SentryLevel DiagnosticLevel { get; set; } = SentryLevel.Debug;

    public IDiagnosticLogger? DiagnosticLogger { get; set; }

    /// <summary>Changes the HttpClient that sends envelopes, e.g. its time-out.</summary>
    public Action<HttpClient>? ConfigureClient { get; set; }

    /// <summary>Tags of every event that does not have them.</summary>
    public Dictionary<string, string> DefaultTags { get; } = [];

    internal string SdkName { get; set; } = "sentry.dotnet";

    internal bool TraceFromActivity { get; set; }

    internal bool CaptureUnhandled { get; private set; } = true;

    internal bool CaptureUnobserved { get; private set; } = true;

    internal bool FlushOnProcessExit { get; private set; } = true;

    internal List<IExceptionFilter> ExceptionFilters { get; } = [];

    internal List<ISentryEventProcessor> EventProcessors { get; } = [];

    internal InAppFrames InApp { get; } = new();

    internal Func<SentryEvent, SentryHint, SentryEvent?>? BeforeSend { get; private set; }

    internal Func<Breadcrumb, SentryHint, Breadcrumb?>? BeforeBreadcrumb { get; private set; }

    public void SetBeforeSend(Func<SentryEvent, SentryHint, SentryEvent?> beforeSend) => BeforeSend = beforeSend;

    public void SetBeforeSend(Func<SentryEvent, SentryEvent?> beforeSend) => BeforeSend = (@event, _) => beforeSend(@event);

    public void SetBeforeBreadcrumb(Func<Breadcrumb, SentryHint, Breadcrumb?> beforeBreadcrumb) => BeforeBreadcrumb = beforeBreadcrumb;

    public void SetBeforeBreadcrumb(Func<Breadcrumb, Breadcrumb?> beforeBreadcrumb) =>
        BeforeBreadcrumb = (breadcrumb, _) => beforeBreadcrumb(breadcrumb);

    public void AddExceptionFilter(IExceptionFilter exceptionFilter) => ExceptionFilters.Add(exceptionFilter);

    /// <summary>Derived exceptions are filtered too.</summary>
    public void AddExceptionFilterForType<TException>()
        where TException : Exception => ExceptionFilters.Add(new ExceptionTypeFilter<TException>());

    public void AddEventProcessor(ISentryEventProcessor processor) => EventProcessors.Add(processor);

    public void AddInAppExclude(string prefix) => InApp.Exclude(prefix);

    public void AddInAppExclude(Regex regex) => InApp.Exclude(regex);

    public void AddInAppInclude(string prefix) => InApp.Include(prefix);

    public void AddInAppInclude(Regex regex) => InApp.Include(regex);

    public void DisableAppDomainUnhandledExceptionCapture() => CaptureUnhandled = false;

    public void DisableUnobservedTaskExceptionCapture() => CaptureUnobserved = false;

    public void DisableAppDomainProcessExitFlush() => FlushOnProcessExit = false;

    internal static NotSupportedException Unsupported(string what) =>
        new($"{what} needs the real package Sentry.AspNetCore 6.9.0; this is its stand-in. Run with StandIns=false.");

    internal void Log(SentryLevel level, string message, Exception? exception = null, params object?[] args)
    {
        if (DiagnosticLogger is { } logger && logger.IsEnabled(level))
        {
            logger.Log(level, message, exception, args);
        }
    }

    /// <summary>Fills in what was left open, from the environment; throws when the SDK cannot start with the result.</summary>
    internal void Resolve()
    {
        if (Debug)
        {
            DiagnosticLogger ??= new ConsoleDiagnosticLogger(DiagnosticLevel);
        }

        if (string.IsNullOrEmpty(Dsn) && System.Environment.GetEnvironmentVariable("SENTRY_DSN") is { Length: > 0 } dsn)
        {
            Dsn = dsn;
        }

        if (Dsn is null)
        {
            throw new ArgumentNullException(
                nameof(Dsn),
                "Sentry has no DSN. Set it in the options, in the configuration as Sentry:Dsn or in the environment as SENTRY_DSN; an empty one disables Sentry.");
        }

        if (TracesSampleRate > 0 && !TraceFromActivity)
        {
            throw Unsupported("TracesSampleRate above 0 (transactions)");
        }

        Release ??= ReleaseInformation.Locate();
        Environment ??= ConfiguredEnvironment ?? (System.Diagnostics.Debugger.IsAttached ? "debug" : "production");
    }

    internal static string? ConfiguredEnvironment =>
        System.Environment.GetEnvironmentVariable("SENTRY_ENVIRONMENT") is { Length: > 0 } name ? name : null;
}
