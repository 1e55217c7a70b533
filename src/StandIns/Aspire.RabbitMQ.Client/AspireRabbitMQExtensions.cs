using Aspire.RabbitMQ.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry.Trace;
using RabbitMQ.Client;

namespace Microsoft.Extensions.Hosting;

/// <summary>Registers RabbitMQ's <see cref="IConnection"/> with its health check and telemetry.</summary>
public static class AspireRabbitMQExtensions
{
    private const string SectionName = "Aspire:RabbitMQ:Client";
    private const string FactorySectionName = "ConnectionFactory";

    /// <summary>Singletons <see cref="IConnectionFactory"/> and <see cref="IConnection"/>; the first resolver of the connection waits for it.</summary>
    public static void AddRabbitMQClient(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<RabbitMQClientSettings>? configureSettings = null,
        Action<ConnectionFactory>? configureConnectionFactory = null)
        => Add(builder, connectionName, serviceKey: null, configureSettings, configureConnectionFactory);

    /// <summary>The same as keyed services; <paramref name="name"/> is key and connection name.</summary>
    public static void AddKeyedRabbitMQClient(
        this IHostApplicationBuilder builder,
        string name,
        Action<RabbitMQClientSettings>? configureSettings = null,
        Action<ConnectionFactory>? configureConnectionFactory = null)
        => Add(builder, name, serviceKey: name, configureSettings, configureConnectionFactory);

    private static void Add(
        IHostApplicationBuilder builder,
        string connectionName,
        string? serviceKey,
        Action<RabbitMQClientSettings>? configureSettings,
        Action<ConnectionFactory>? configureConnectionFactory)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);

        var settings = new RabbitMQClientSettings();
        settings.ConnectionString = builder.Bind(SectionName, connectionName, settings) ?? settings.ConnectionString;
        configureSettings?.Invoke(settings);

        var section = builder.Configuration.GetSection(SectionName);
        IConfigurationSection[] factorySections =
            [section.GetSection(FactorySectionName), section.GetSection(connectionName).GetSection(FactorySectionName)];

        // A null key registers an ordinary service.
        builder.Services.Add(ServiceDescriptor.KeyedSingleton<IConnectionFactory>(serviceKey, (_, _) => BuildFactory()));
        builder.Services.Add(ServiceDescriptor.KeyedSingleton<IConnection>(serviceKey, (services, key) => Connect(services, key)));

        if (!settings.DisableTracing)
        {
            builder.Services.ConfigureOpenTelemetryTracerProvider(
                tracing => tracing.AddSource(RabbitMQConnector.SourceName).AddSource("RabbitMQ.Client.*"));
        }

        if (!settings.DisableHealthChecks)
        {
            AddHealthCheck(builder, serviceKey);
        }

        ConnectionFactory BuildFactory()
        {
            var factory = new ConnectionFactory();
            foreach (var factorySection in factorySections)
            {
                factorySection.Bind(factory);
            }

            if (!string.IsNullOrEmpty(settings.ConnectionString))
            {
                factory.Uri = new Uri(settings.ConnectionString);
            }
            else if (configureConnectionFactory is null && !factorySections.Any(factorySection => factorySection.Exists()))
            {
                // Nothing says where the broker is, and the factory's own default is localhost.
                throw ClientSettings.MissingConnectionString("RabbitMQ", SectionName, connectionName);
            }

            configureConnectionFactory?.Invoke(factory);
            return factory;
        }

        IConnection Connect(IServiceProvider services, object? key)
        {
            // The container resolves synchronously; a host that stops must not wait for the retries.
            var stopping = services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
            var time = services.GetService<TimeProvider>() ?? TimeProvider.System;
            var factory = services.GetRequiredKeyedService<IConnectionFactory>(key);
            return RabbitMQConnector.ConnectAsync(factory, settings.MaxConnectRetryCount, time, stopping).GetAwaiter().GetResult();
        }
    }

    private static void AddHealthCheck(IHostApplicationBuilder builder, string? serviceKey)
    {
        var name = serviceKey is null ? "RabbitMQ.Client" : $"RabbitMQ.Client_{serviceKey}";
        builder.Services.AddKeyedSingleton(
            name, (services, _) => new RabbitMQHealthCheck(() => services.GetRequiredKeyedService<IConnection>(serviceKey)));
        builder.TryAddHealthCheck(new HealthCheckRegistration(
            name, services => services.GetRequiredKeyedService<RabbitMQHealthCheck>(name), failureStatus: null, tags: null));
    }
}
