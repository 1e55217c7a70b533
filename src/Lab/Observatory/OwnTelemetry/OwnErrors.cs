using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Sentry;

namespace Platform.Observatory.OwnTelemetry;

/// <summary>
/// Turns Observatory's own unhandled errors, which the framework or a background service logs with an exception, into issues. Intake,
/// history and forwarding are excluded, since errors about them would go through them.
/// </summary>
internal sealed class OwnErrors : ILoggerProvider
{
    private const string Own = "Platform.Observatory.";

    /// <summary>A page that fails in a loop must not crowd out the platform's errors.</summary>
    private const int MaxPerMinute = 30;

    private static readonly string[] Sources =
    [
        "Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware",
        "Microsoft.Extensions.Hosting.Internal.Host",
        Own,
    ];

    private static readonly string[] Circular =
    [
        $"{Own}Ingest.",
        $"{Own}Envelopes.",
        $"{Own}History.",
        $"{Own}Recovery.",
        $"{Own}Receiving.",
        $"{Own}Otlp.",
        $"{Own}Forward.",
        $"{Own}OwnTelemetry.",
    ];

    private readonly SentryClient _client;
    private readonly string _service;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private long _minute;
    private int _count;

    public OwnErrors(OwnErrorTransport transport, IConfiguration configuration, IHostEnvironment environment, TimeProvider time)
    {
        _service = configuration["OTEL_SERVICE_NAME"] is { Length: > 0 } name ? name : "observatory";
        _time = time;
        _minute = time.GetTimestamp();
        _client = new SentryClient(
            new SentryOptions
            {
                // Nothing is sent to it: the transport is a method call.
                Dsn = "http://observatory@127.0.0.1/1",
                Transport = transport,
                Environment = environment.EnvironmentName,
                SendDefaultPii = false,
                AutoSessionTracking = false,
                SendClientReports = false,
                DisableSentryHttpMessageHandler = true,
                ReportAssembliesMode = ReportAssembliesMode.None,
                ShutdownTimeout = TimeSpan.FromSeconds(1),
            }
        );
    }

    public ILogger CreateLogger(string categoryName) =>
        Array.Exists(Sources, source => categoryName.StartsWith(source, StringComparison.Ordinal))
        && !Array.Exists(Circular, source => categoryName.StartsWith(source, StringComparison.Ordinal))
            ? new ErrorLogger(this, categoryName)
            : NullLogger.Instance;

    public void Dispose() => _client.Dispose();

    private void Report(Exception exception, string category, LogLevel level)
    {
        if (!IsWithinRate())
        {
            return;
        }

        var error = new SentryEvent(exception)
        {
            Logger = category,
            Level = level == LogLevel.Critical ? SentryLevel.Fatal : SentryLevel.Error,
        };
        error.SetTag("service", _service);

        if (Activity.Current is { } activity)
        {
            error.Contexts.Trace.TraceId = SentryId.Parse(activity.TraceId.ToHexString());
            error.Contexts.Trace.SpanId = SpanId.Parse(activity.SpanId.ToHexString());
        }

        _client.CaptureEvent(error);
    }

    private bool IsWithinRate()
    {
        lock (_lock)
        {
            if (_time.GetElapsedTime(_minute) > TimeSpan.FromMinutes(1))
            {
                (_minute, _count) = (_time.GetTimestamp(), 0);
            }

            return ++_count <= MaxPerMinute;
        }
    }

    private sealed class ErrorLogger(OwnErrors errors, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is LogLevel.Error or LogLevel.Critical;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (exception is not null and not OperationCanceledException && IsEnabled(logLevel))
            {
                errors.Report(exception, category, logLevel);
            }
        }
    }
}
