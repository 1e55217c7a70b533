using System.Globalization;
using System.Text.Json;
using Platform.Redaction;

namespace Platform.ServiceDefaults;

/// <summary>
/// A fatal error - a missing setting at startup, an unhandled exception - is one log line of level fatal and a non-zero exit code, instead
/// of a stack trace that no log search finds.
/// </summary>
internal static class FatalErrors
{
    private const int ExitCode = 1;

    /// <summary>Limit for sending the report to a receiver that hangs.</summary>
    private static readonly TimeSpan ReportLimit = TimeSpan.FromSeconds(5);

    public static void EndWithOneLine(ServiceIdentity identity, bool isDevelopment) =>
        AppDomain.CurrentDomain.UnhandledException += (_, args) =>
        {
            // The DI container and its loggers may be disposed or may never have existed.
            var exception = (args.ExceptionObject as Exception)?.GetBaseException();
            var message = Redactor.Redact(exception?.Message ?? "unknown failure");
            Console.Out.WriteLine(
                isDevelopment
                    ? $"{DateTimeOffset.UtcNow.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)} fatal {identity.Service}: {message}"
                    : JsonSerializer.Serialize(
                        new
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
                            stack = Redactor.Redact(exception?.StackTrace ?? ""),
                        }
                    )
            );
            Console.Out.Flush();

            // After the line, in case the process is killed meanwhile. Without a DSN this does nothing.
            if (exception is not null)
            {
                exception.SetSentryMechanism("AppDomain.UnhandledException", "The process ended.", handled: false);
                SentrySdk.CaptureException(exception);
                SentrySdk.Flush(ReportLimit);
            }

            Environment.Exit(ExitCode);
        };
}
