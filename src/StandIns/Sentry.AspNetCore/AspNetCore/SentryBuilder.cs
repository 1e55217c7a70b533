using Microsoft.Extensions.DependencyInjection;

namespace Sentry.AspNetCore;

/// <summary>Registers services beside Sentry's.</summary>
public interface ISentryBuilder
{
    IServiceCollection Services { get; }
}

public static class SentryBuilderExtensions
{
    public static ISentryBuilder AddSentryOptions(this ISentryBuilder builder, Action<SentryAspNetCoreOptions>? configureOptions)
    {
        if (configureOptions is not null)
        {
            builder.Services.Configure(configureOptions);
        }

        return builder;
    }
}

internal sealed class SentryBuilder(IServiceCollection services) : ISentryBuilder
{
    public IServiceCollection Services { get; } = services;
}
