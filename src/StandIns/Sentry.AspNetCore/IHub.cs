namespace Sentry;

/// <summary>Sends what it is given.</summary>
public interface ISentryClient
{
    bool IsEnabled { get; }

    SentryId CaptureEvent(SentryEvent evt, Scope? scope = null, SentryHint? hint = null);

    SentryId CaptureCheckIn(
        string monitorSlug,
        CheckInStatus status,
        SentryId? sentryId = null,
        TimeSpan? duration = null,
        Scope? scope = null,
        Action<SentryMonitorOptions>? configureMonitorOptions = null);

    Task FlushAsync(TimeSpan timeout);
}

/// <summary>Keeps the scope of each flow of control.</summary>
public interface ISentryScopeManager
{
    void ConfigureScope(Action<Scope> configureScope);

    void ConfigureScope<TArg>(Action<Scope, TArg> configureScope, TArg arg);

    Task ConfigureScopeAsync(Func<Scope, Task> configureScope);

    void SetTag(string key, string value);

    void UnsetTag(string key);

    IDisposable PushScope();

    IDisposable PushScope<TState>(TState state);
}

/// <summary>A client with scopes: what applications use.</summary>
public interface IHub : ISentryClient, ISentryScopeManager
{
    SentryId LastEventId { get; }

    SentryId CaptureEvent(SentryEvent evt, Action<Scope> configureScope);

    SentryId CaptureEvent(SentryEvent evt, SentryHint? hint, Action<Scope> configureScope);
}
