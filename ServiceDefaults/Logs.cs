using System.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry;
using OpenTelemetry.Logs;
using Platform.Redaction;

namespace Platform.ServiceDefaults;

internal static class Logs
{
    public static void AddDefaultLogging(this IHostApplicationBuilder builder)
    {
        var identity = ServiceIdentity.AddTo(builder);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder
            .Logging.AddConsole()
            .AddConsoleFormatter<PlatformConsoleFormatter, PlatformConsoleOptions>(options =>
                options.Json = !builder.Environment.IsDevelopment()
            );

        // Aspire selects the simple formatter by environment variable; ours is readable text in Development too.
        builder.Services.PostConfigure<ConsoleLoggerOptions>(options => options.FormatterName = PlatformConsoleFormatter.FormatterName);

        builder.Logging.AddFilter("Platform", builder.Environment.IsDevelopment() ? LogLevel.Debug : LogLevel.Information);
        LogRules.Apply(builder.Logging);
        builder.Services.AddSingleton<IStartupFilter, RequestLog>();
        builder.Services.AddHostedService<ServiceLifetimeLog>();
        FatalErrors.EndWithOneLine(identity, builder.Environment.IsDevelopment());
    }
}

/// <summary>
/// Adds request, user, tenant and job to each log record, and redacts it. Runs on the logging thread, so the current span is the record's.
/// </summary>
internal sealed class LogProcessor : BaseProcessor<LogRecord>
{
    public override void OnEnd(LogRecord data)
    {
        var attributes = new List<KeyValuePair<string, object?>>(data.Attributes?.Count + 6 ?? 6);
        foreach (var (name, value) in data.Attributes ?? [])
        {
            attributes.Add(new(name, Redactor.Redact(name, value)));
        }

        foreach (var name in Correlation.Names)
        {
            if (Activity.Current?.GetBaggageItem(name) is { } value)
            {
                attributes.Add(new(name, value));
            }
        }

        // The exporter would write the exception unredacted.
        if (data.Exception is { } exception)
        {
            attributes.Add(new("exception.type", exception.GetType().FullName));
            attributes.Add(new("exception.message", Redactor.Redact(exception.Message)));
            attributes.Add(new("exception.stacktrace", Redactor.Redact(exception.ToString())));
            data.Exception = null;
        }

        data.Attributes = attributes;
        data.FormattedMessage = data.FormattedMessage is null ? null : Redactor.Redact(data.FormattedMessage);
    }
}

/// <summary>
/// Minimum levels for categories that are not ours, in Development too. Applied to loggers and to Sentry, whose provider ignores filters.
/// </summary>
internal static class LogRules
{
    private static readonly (string Category, LogLevel Minimum)[] Rules =
    [
        // Spans and the request line have what these log at Information.
        ("Microsoft.AspNetCore", LogLevel.Warning),
        // Comes with authentication and creates unencrypted keys at the first start. Sessions are signed; nothing is protected by these
        // keys.
        ("Microsoft.AspNetCore.DataProtection", LogLevel.Error),
        ("System.Net.Http", LogLevel.Warning),
        ("Npgsql", LogLevel.Warning),
        ("Yarp", LogLevel.Warning),
        // Each of its loops logs a lost connection as Error; our publishers and consumers report it once.
        ("RabbitMQ.Client", LogLevel.None),
        // These log each failed probe and each call of an open breaker; DependencyLog reports an outage once.
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

/// <summary>Logs start and stop of a service, with its release.</summary>
internal sealed partial class ServiceLifetimeLog(ServiceIdentity identity, ILogger<ServiceLifetimeLog> logger) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        LogStarted(identity.Service, identity.Release, identity.Environment);
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        LogStopping(identity.Service);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(
        EventId = 9421,
        EventName = "service.started",
        Level = LogLevel.Information,
        Message = "{Name} started: release {Version}, {DeploymentEnvironment}"
    )]
    private partial void LogStarted(string name, string version, string deploymentEnvironment);

    [LoggerMessage(EventId = 9422, EventName = "service.stopping", Level = LogLevel.Information, Message = "{Name} is stopping")]
    private partial void LogStopping(string name);
}
