using Microsoft.Extensions.DependencyInjection;
using Sentry.Extensions.Logging;

namespace Microsoft.Extensions.Logging;

public static class LoggingBuilderExtensions
{
    public static ILoggingBuilder AddSentry(this ILoggingBuilder builder) => builder.AddSentry((Action<SentryLoggingOptions>?)null);

    public static ILoggingBuilder AddSentry(this ILoggingBuilder builder, string dsn) => builder.AddSentry(options => options.Dsn = dsn);

    /// <summary>For a host without a web server: IHub by injection, errors as events. Reads the section "Sentry" first.</summary>
    public static ILoggingBuilder AddSentry(this ILoggingBuilder builder, Action<SentryLoggingOptions>? optionsConfiguration)
    {
        builder.Services.AddOptions<SentryLoggingOptions>().BindConfiguration("Sentry");
        if (optionsConfiguration is not null)
        {
            builder.Services.Configure(optionsConfiguration);
        }

        builder.Services.AddHub<SentryLoggingOptions>();
        return builder;
    }
}
