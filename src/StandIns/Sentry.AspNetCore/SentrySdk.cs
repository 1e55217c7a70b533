namespace Sentry;

/// <summary>The SDK of this process, for code that has no <see cref="IHub"/> by injection.</summary>
public static class SentrySdk
{
    private static Hub? Shared;

    public static bool IsEnabled => Current is { IsEnabled: true };

    public static SentryId LastEventId => Current?.LastEventId ?? SentryId.Empty;

    private static Hub? Current => Volatile.Read(ref Shared);

    public static IDisposable Init() => Init(new SentryOptions());

    public static IDisposable Init(string? dsn) => Init(new SentryOptions { Dsn = dsn });

    public static IDisposable Init(Action<SentryOptions>? configureOptions)
    {
        var options = new SentryOptions();
        configureOptions?.Invoke(options);
        return Init(options);
    }

    public static IDisposable Init(SentryOptions options)
    {
        var hub = new Hub(options);
        if (Use(hub) is { OfHost: false } previous)
        {
            previous.Dispose();
        }

        return hub;
    }

    public static void Close() => Interlocked.Exchange(ref Shared, null)?.Dispose();

    public static void Flush() => Current?.Flush();

    public static void Flush(TimeSpan timeout) => Current?.Flush(timeout);

    public static Task FlushAsync() => Current?.FlushAsync() ?? Task.CompletedTask;

    public static Task FlushAsync(TimeSpan timeout) => Current?.FlushAsync(timeout) ?? Task.CompletedTask;

    public static SentryId CaptureEvent(SentryEvent evt, Scope? scope = null, SentryHint? hint = null) =>
        Current?.CaptureEvent(evt, scope, hint) ?? SentryId.Empty;

    public static SentryId CaptureEvent(SentryEvent evt, Action<Scope> configureScope) =>
        Current?.CaptureEvent(evt, configureScope) ?? SentryId.Empty;

    public static SentryId CaptureException(Exception exception) => Current?.CaptureException(exception) ?? SentryId.Empty;

    public static SentryId CaptureException(Exception exception, Action<Scope> configureScope) =>
        Current?.CaptureException(exception, configureScope) ?? SentryId.Empty;

    public static SentryId CaptureException(Exception exception, bool handled, bool terminal = false) =>
        Current?.CaptureException(exception, handled, terminal) ?? SentryId.Empty;

    public static SentryId CaptureMessage(string message, SentryLevel level = SentryLevel.Info) =>
        Current?.CaptureMessage(message, level) ?? SentryId.Empty;

    public static SentryId CaptureMessage(string message, Action<Scope> configureScope, SentryLevel level = SentryLevel.Info) =>
        Current?.CaptureMessage(message, configureScope, level) ?? SentryId.Empty;

    public static SentryId CaptureCheckIn(
        string monitorSlug,
        CheckInStatus status,
        SentryId? sentryId = null,
        TimeSpan? duration = null,
        Scope? scope = null,
        Action<SentryMonitorOptions>? configureMonitorOptions = null) =>
        Current?.CaptureCheckIn(monitorSlug, status, sentryId, duration, scope, configureMonitorOptions) ?? SentryId.Empty;

    public static void AddBreadcrumb(
        string message,
        string? category = null,
        string? type = null,
        IDictionary<string, string>? data = null,
        BreadcrumbLevel level = default) => Current?.AddBreadcrumb(message, category, type, data, level);

    public static void AddBreadcrumb(Breadcrumb breadcrumb, SentryHint? hint = null) => Current?.AddBreadcrumb(breadcrumb, hint);

    public static void ConfigureScope(Action<Scope> configureScope) => Current?.ConfigureScope(configureScope);

    public static void ConfigureScope<TArg>(Action<Scope, TArg> configureScope, TArg arg) => Current?.ConfigureScope(configureScope, arg);

    public static void SetTag(string key, string value) => Current?.SetTag(key, value);

    public static void UnsetTag(string key) => Current?.UnsetTag(key);

    public static IDisposable PushScope() => Current?.PushScope() ?? Hub.NoScope;

    public static IDisposable PushScope<TState>(TState state) => Current?.PushScope(state) ?? Hub.NoScope;

    /// <summary>Makes a hub the one of the process; returns the one before, which a host may still use.</summary>
    internal static Hub? Use(Hub hub) => Interlocked.Exchange(ref Shared, hub);
}
