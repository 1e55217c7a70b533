using Microsoft.Extensions.Logging;

namespace Platform.ServiceDefaults.Logging;

/// <summary>
/// From which level on others' categories are heard, in development too. Loggers and Sentry both go by it: Sentry's provider takes
/// everything that is logged, whatever filters say.
/// </summary>
internal static class LogRules
{
    private static readonly (string Category, LogLevel Minimum)[] Rules =
    [
        // What these say at Information, spans and the request line say already.
        ("Microsoft.AspNetCore", LogLevel.Warning),
        ("System.Net.Http", LogLevel.Warning),
        ("Npgsql", LogLevel.Warning),
        ("Yarp", LogLevel.Warning),
        // A lost connection is an Error of each of its loops: who publishes and consumes over it says so, once.
        ("RabbitMQ.Client", LogLevel.None),
        // At each probe, and at each call of a breaker that is open: that a dependency is away is told once, by DependencyLog.
        ("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None),
        ("Polly", LogLevel.None),
    ];

    public static void Apply(ILoggingBuilder logging)
    {
        foreach (var (category, minimum) in Rules)
        {
            logging.AddFilter(category, minimum);
        }
    }

    public static bool IsHeard(string category, LogLevel level) =>
        !Rules.Any(rule => category.StartsWith(rule.Category, StringComparison.Ordinal) && level < rule.Minimum);
}
