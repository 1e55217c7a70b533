namespace Sentry.Reporting;

/// <summary>Reports what nobody caught, and flushes before the process ends.</summary>
internal sealed class ProcessEvents : IDisposable
{
    private readonly Hub _hub;

    public ProcessEvents(Hub hub)
    {
        _hub = hub;
        if (hub.Options.CaptureUnhandled)
        {
            AppDomain.CurrentDomain.UnhandledException += OnUnhandledException;
        }

        if (hub.Options.CaptureUnobserved)
        {
            TaskScheduler.UnobservedTaskException += OnUnobservedTaskException;
        }

        if (hub.Options.FlushOnProcessExit)
        {
            AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
        }
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.UnhandledException -= OnUnhandledException;
        TaskScheduler.UnobservedTaskException -= OnUnobservedTaskException;
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
    }

    private void OnUnhandledException(object sender, UnhandledExceptionEventArgs e)
    {
        if (e.ExceptionObject is Exception exception)
        {
            exception.SetSentryMechanism("AppDomain.UnhandledException", "This exception was caught by the .NET Application Domain global error handler.", handled: false);
            _hub.CaptureEvent(new SentryEvent(exception) { Level = SentryLevel.Fatal });
        }

        if (e.IsTerminating)
        {
            // After this handler returns there is no process to send from.
            _hub.Dispose();
        }
    }

    private void OnUnobservedTaskException(object? sender, UnobservedTaskExceptionEventArgs e)
    {
        // Its only child is the exception that people look for.
        Exception exception = e.Exception.InnerExceptions is [var only] ? only : e.Exception;
        exception.SetSentryMechanism("UnobservedTaskException", "This exception was thrown by a task that nobody awaited.", handled: false);
        _hub.CaptureException(exception);
    }

    private void OnProcessExit(object? sender, EventArgs e) => _hub.Dispose();
}
