using Aspire.StackExchange.Redis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

/// <summary>Registers <see cref="IConnectionMultiplexer"/> with its health check and telemetry.</summary>
public static class AspireRedisExtensions
{
    private const string SectionName = "Aspire:StackExchange:Redis";
    private const string OptionsSectionName = "ConfigurationOptions";

    /// <summary>A singleton <see cref="IConnectionMultiplexer"/>; without a server it goes on connecting in the background.</summary>
    public static void AddRedisClient(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<StackExchangeRedisSettings>? configureSettings = null,
        Action<ConfigurationOptions>? configureOptions = null)
        => Add(builder, connectionName, serviceKey: null, configureSettings, configureOptions);

    /// <summary>The same as a keyed service; <paramref name="name"/> is key and connection name.</summary>
    public static void AddKeyedRedisClient(
        this IHostApplicationBuilder builder,
        string name,
        Action<StackExchangeRedisSettings>? configureSettings = null,
        Action<ConfigurationOptions>? configureOptions = null)
        => Add(builder, name, serviceKey: name, configureSettings, configureOptions);

    private static void Add(
        IHostApplicationBuilder builder,
        string connectionName,
        string? serviceKey,
        Action<StackExchangeRedisSettings>? configureSettings,
        Action<ConfigurationOptions>? configureOptions)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);

        var settings = new StackExchangeRedisSettings();
        settings.ConnectionString = builder.Bind(SectionName, connectionName, settings) ?? settings.ConnectionString;
        configureSettings?.Invoke(settings);

        var section = builder.Configuration.GetSection(SectionName);
        IConfigurationSection[] optionsSections =
            [section.GetSection(OptionsSectionName), section.GetSection(connectionName).GetSection(OptionsSectionName)];

        // A null key registers an ordinary service.
        builder.Services.Add(ServiceDescriptor.KeyedSingleton<IConnectionMultiplexer>(
            serviceKey, (services, _) => ConnectionMultiplexer.Connect(BuildOptions(services))));

        if (!settings.DisableTracing)
        {
            builder.Services.ConfigureOpenTelemetryTracerProvider(
                tracing => tracing.AddSource("OpenTelemetry.Instrumentation.StackExchangeRedis"));
        }

        if (!settings.DisableHealthChecks)
        {
            builder.TryAddHealthCheck(new HealthCheckRegistration(
                serviceKey is null ? "StackExchange.Redis" : $"StackExchange.Redis_{serviceKey}",
                services => new RedisHealthCheck(services.GetRequiredKeyedService<IConnectionMultiplexer>(serviceKey)),
                failureStatus: null,
                tags: null));
        }

        ConfigurationOptions BuildOptions(IServiceProvider services)
        {
            var options = string.IsNullOrEmpty(settings.ConnectionString)
                ? new ConfigurationOptions()
                : ConfigurationOptions.Parse(settings.ConnectionString);
            options.AbortOnConnectFail = false;
            options.LoggerFactory = services.GetService<ILoggerFactory>();
            foreach (var optionsSection in optionsSections)
            {
                optionsSection.Bind(options);
            }

            configureOptions?.Invoke(options);
            return options.EndPoints.Count > 0
                ? options
                : throw ClientSettings.MissingConnectionString("Redis", SectionName, connectionName);
        }
    }
}
