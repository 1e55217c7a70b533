using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Platform.ServiceDefaults.Telemetry;

namespace Platform.ServiceDefaults.Logging;

internal static class LoggingExtensions
{
    public static void AddPlatformLogging(this WebApplicationBuilder builder, ServiceIdentity identity)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder
            .Logging.AddConsole()
            .AddConsoleFormatter<PlatformConsoleFormatter, PlatformConsoleOptions>(options =>
                options.Json = !builder.Environment.IsDevelopment()
            );

        // Aspire asks for the simple formatter by environment; ours is text in Development too.
        builder.Services.PostConfigure<ConsoleLoggerOptions>(options => options.FormatterName = PlatformConsoleFormatter.FormatterName);

        builder.Logging.AddFilter("Platform", builder.Environment.IsDevelopment() ? LogLevel.Debug : LogLevel.Information);
        LogRules.Apply(builder.Logging);
        builder.Services.AddSingleton<ILoggerProvider>(services => new SlowQueryLog(services.GetRequiredService<ILoggerFactory>));
        builder.Logging.AddFilter<SlowQueryLog>(null, LogLevel.None).AddFilter<SlowQueryLog>(SlowQueryLog.Category, LogLevel.Information);
        builder.Services.AddSingleton<IStartupFilter, RequestLog>();
        builder.Services.AddHostedService<ServiceLifetimeLog>();
        FatalErrors.EndWithOneLine(identity, builder.Environment.IsDevelopment());
    }
}
