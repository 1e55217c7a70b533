using System.Globalization;
using System.Text.Json;
using Platform.ServiceDefaults.Telemetry;

namespace Platform.ServiceDefaults.Logging;

/// <summary>
/// What ends a process - a missing setting at start, an exception that nothing caught - is one line of level fatal and a non-zero exit code,
/// instead of a stack trace that no log search finds.
/// </summary>
internal static class FatalErrors
{
    private const int ExitCode = 1;

    /// <summary>A receiver that is away may not keep a dead process.</summary>
    private static readonly TimeSpan ReportLimit = TimeSpan.FromSeconds(2);

    public static void EndWithOneLine(ServiceIdentity identity, bool isDevelopment) => AppDomain.CurrentDomain.UnhandledException += (_, args) =>
    {
        // The container, and with it every logger, may be gone or never have been there; so may the reporting of errors, which then does nothing.
        var exception = (args.ExceptionObject as Exception)?.GetBaseException();
        if (exception is not null)
        {
            exception.SetSentryMechanism("AppDomain.UnhandledException", "The process ended.", handled: false);
            SentrySdk.CaptureException(exception);
            SentrySdk.Flush(ReportLimit);
        }

        var message = Scrubber.Scrub(exception?.Message ?? "unknown failure");
        Console.Out.WriteLine(isDevelopment
            ? $"{DateTimeOffset.UtcNow.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)} fatal {identity.Service}: {message}"
            : JsonSerializer.Serialize(new
            {
                timestamp = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture),
                level = "fatal",
                message,
                service = identity.Service,
                environment = identity.Environment,
                release = identity.Release,
                region = identity.Region,
                @event = "service.failed",
                error = exception?.GetType().FullName,
                stack = Scrubber.Scrub(exception?.StackTrace ?? ""),
            }));
        Console.Out.Flush();
        Environment.Exit(ExitCode);
    };
}
