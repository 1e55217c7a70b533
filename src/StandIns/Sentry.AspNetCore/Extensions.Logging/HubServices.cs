using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sentry.Extensibility;

namespace Sentry.Extensions.Logging;

internal static class HubServices
{
    /// <summary>The hub of a container, and the logger provider that feeds it. A second call adds nothing.</summary>
    public static void AddHub<TOptions>(this IServiceCollection services)
        where TOptions : SentryLoggingOptions
    {
        services.TryAddSingleton(provider =>
        {
            // Processors are asked for at the first event: they may want a logger, and loggers need the hub.
            var hub = new Hub(provider.GetRequiredService<IOptions<TOptions>>().Value, provider.GetServices<ISentryEventProcessor>) { OfHost = true };
            SentrySdk.Use(hub);
            return hub;
        });
        services.TryAddSingleton<IHub>(provider => provider.GetRequiredService<Hub>());
        services.TryAddSingleton<ISentryClient>(provider => provider.GetRequiredService<Hub>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILoggerProvider, SentryLoggerProvider>());
    }
}
