using Sentry.Extensibility;
using Sentry.Reporting;
using Sentry.Sending;

namespace Sentry;

/// <summary>One client and the scopes of all flows of control. Without a DSN it does nothing. Reporting an error never throws.</summary>
internal sealed class Hub : IHub, IDisposable
{
    /// <summary>What a push returns when there is nothing to pop.</summary>
    public static readonly IDisposable NoScope = new Pushed(null, null);

    private readonly AsyncLocal<Frame?> _current = new();
    private readonly EnvelopeQueue? _queue;
    private readonly EventPipeline? _pipeline;
    private readonly ProcessEvents? _processEvents;
    private volatile bool _closed;

    public Hub(SentryOptions options, Func<IEnumerable<ISentryEventProcessor>>? registeredProcessors = null)
    {
        options.Resolve();
        Options = options;
        if (options.Dsn!.Length == 0)
        {
            options.Log(SentryLevel.Info, "The DSN is empty: Sentry is disabled.");
            return;
        }

        _queue = new EnvelopeQueue(Dsn.Parse(options.Dsn), options);
        _pipeline = new EventPipeline(options, _queue, registeredProcessors ?? (() => []));
        _processEvents = new ProcessEvents(this);

        // The scope of the flow that starts the SDK is the parent of all flows that begin in it.
        _ = Current;
    }

    public SentryOptions Options { get; }

    /// <summary>Ends with its host, not with the next SentrySdk.Init.</summary>
    public bool OfHost { get; init; }

    public bool IsEnabled => _queue is not null && !_closed;

    public SentryId LastEventId => Current.LastEventId;

    private Scope Current => (_current.Value ??= new Frame(new Scope(Options), null)).Scope;

    public SentryId CaptureEvent(SentryEvent evt, Scope? scope = null, SentryHint? hint = null) => Capture(evt, scope ?? Current, hint);

    public SentryId CaptureEvent(SentryEvent evt, Action<Scope> configureScope) => CaptureEvent(evt, null, configureScope);

    public SentryId CaptureEvent(SentryEvent evt, SentryHint? hint, Action<Scope> configureScope)
    {
        if (!IsEnabled)
        {
            return SentryId.Empty;
        }

        var scope = Current.Clone();
        Configure(configureScope, scope);
        return Capture(evt, scope, hint);
    }

    public SentryId CaptureCheckIn(
        string monitorSlug,
        CheckInStatus status,
        SentryId? sentryId = null,
        TimeSpan? duration = null,
        Scope? scope = null,
        Action<SentryMonitorOptions>? configureMonitorOptions = null)
    {
        if (!IsEnabled || _queue!.Refuses(EnvelopeItem.MonitorCategory))
        {
            return SentryId.Empty;
        }

        SentryMonitorOptions? monitor = null;
        if (configureMonitorOptions is not null)
        {
            monitor = new SentryMonitorOptions();
            configureMonitorOptions(monitor);
            if (monitor.Crontab is null && monitor.Schedule is null)
            {
                throw new ArgumentException("A monitor needs an interval: call Interval(...).", nameof(configureMonitorOptions));
            }
        }

        var id = sentryId ?? SentryId.Create();
        var trace = new Protocol.Trace();
        (scope ?? Current).Propagation.Apply(trace, Options.TraceFromActivity);
        var payload = CheckInJson.Write(id, monitorSlug, status, duration, trace.TraceId, monitor, Options);
        return _queue.TryAdd(new EnvelopeItem("check_in", EnvelopeItem.MonitorCategory, null, payload)) ? id : SentryId.Empty;
    }

    public Task FlushAsync(TimeSpan timeout) => _queue?.FlushAsync(timeout) ?? Task.CompletedTask;

    public void ConfigureScope(Action<Scope> configureScope)
    {
        if (IsEnabled)
        {
            Configure(configureScope, Current);
        }
    }

    public void ConfigureScope<TArg>(Action<Scope, TArg> configureScope, TArg arg) => ConfigureScope(scope => configureScope(scope, arg));

    public Task ConfigureScopeAsync(Func<Scope, Task> configureScope) => IsEnabled ? configureScope(Current) : Task.CompletedTask;

    public void SetTag(string key, string value) => ConfigureScope(scope => scope.SetTag(key, value));

    public void UnsetTag(string key) => ConfigureScope(scope => scope.UnsetTag(key));

    public IDisposable PushScope() => Push(null);

    public IDisposable PushScope<TState>(TState state) => Push(state);

    public void Dispose()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        _processEvents?.Dispose();
        _queue?.Close(Options.ShutdownTimeout);
        _queue?.Dispose();
    }

    private IDisposable Push(object? state)
    {
        if (!IsEnabled)
        {
            return NoScope;
        }

        var scope = Current.Clone();
        if (state is not null)
        {
            Configure(pushed => pushed.Apply(state), scope);
        }

        var frame = new Frame(scope, _current.Value);
        _current.Value = frame;
        return new Pushed(this, frame);
    }

    private void Pop(Frame frame)
    {
        // Scopes that were pushed later and never disposed go with this one; a flow that does not hold it keeps its own.
        for (var top = _current.Value; top is not null; top = top.Parent)
        {
            if (top == frame)
            {
                _current.Value = frame.Parent;
                return;
            }
        }
    }

    private void Configure(Action<Scope> configureScope, Scope scope)
    {
        try
        {
            configureScope(scope);
        }
#pragma warning disable CA1031 // a callback about reporting must not break the code that is reported on
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Options.Log(SentryLevel.Error, "A ConfigureScope callback failed.", exception);
        }
    }

    private SentryId Capture(SentryEvent evt, Scope scope, SentryHint? hint)
    {
        if (!IsEnabled)
        {
            return SentryId.Empty;
        }

        try
        {
            if (!evt.Contexts.ContainsKey("trace"))
            {
                scope.Propagation.Apply(evt.Contexts.Trace, Options.TraceFromActivity);
            }

            if (_pipeline!.Process(evt, hint ?? new SentryHint(), scope) is not { } processed
                || !_queue!.TryAdd(new EnvelopeItem("event", EnvelopeItem.ErrorCategory, processed.EventId, EventJson.Write(processed))))
            {
                return SentryId.Empty;
            }

            Current.LastEventId = processed.EventId;
            return processed.EventId;
        }
#pragma warning disable CA1031 // reporting an error must not become an error of the application; the loss is counted and said
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Options.Log(SentryLevel.Error, "Event {0} could not be captured.", exception, evt.EventId);
            _queue!.Reports.Record(Discard.InternalError, EnvelopeItem.ErrorCategory);
            return SentryId.Empty;
        }
    }

    private sealed class Frame(Scope scope, Frame? parent)
    {
        public Scope Scope { get; } = scope;

        public Frame? Parent { get; } = parent;
    }

    private sealed class Pushed(Hub? hub, Frame? frame) : IDisposable
    {
        public void Dispose() => hub?.Pop(frame!);
    }
}
