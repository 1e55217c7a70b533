using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Platform.Contracts;
using Platform.Infrastructure.Data;
using Platform.Infrastructure.Jobs;
using Platform.Infrastructure.Switches;

namespace Platform.Messaging;

public static class MessagingExtensions
{
    /// <summary>
    /// Adds outbox, relay and inbox on the service's database and the named broker connection. Startup does not wait for the broker.
    /// </summary>
    public static MessagingBuilder AddMessaging(this IHostApplicationBuilder builder, string connectionName, Topology topology)
    {
        builder.AddSwitches();
        builder.AddRabbitMQClient(
            connectionName,
            settings =>
            {
                // Publish and process spans are our own: the client's cannot continue a trace, and would duplicate them.
                settings.DisableTracing = true;
                settings.DisableHealthChecks = true;
            },
            factory =>
            {
                // Consumers and relay reconnect by themselves; see BrokerConnection, which also names the connections.
                factory.AutomaticRecoveryEnabled = false;
                factory.TopologyRecoveryEnabled = false;
                factory.RequestedHeartbeat = TimeSpan.FromSeconds(10);
                factory.ContinuationTimeout = TimeSpan.FromSeconds(10);
                factory.RequestedConnectionTimeout = TimeSpan.FromSeconds(5);
            }
        );

        builder
            .Services.AddOptions<MessagingOptions>()
            .BindConfiguration(MessagingOptions.SectionName)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(topology);
        builder.Services.AddSingleton<Outbox>();
        builder.Services.AddWakeSignal<OutboxSignal>();
        builder.Services.AddSingleton<MessagingMetrics>();
        builder.Services.AddSingleton<PublishConnection>();
        builder.Services.AddSingleton<ConsumeConnection>();
        builder.Services.AddSingleton<BrokerProblems>();
        builder.Services.AddScoped<AfterCommit>();
        builder.Services.AddSingleton(services => new DeadLetters(
            services.GetRequiredService<PublishConnection>(),
            services.GetRequiredService<ConsumeConnection>(),
            services.GetRequiredService<NpgsqlDataSource>(),
            services.GetRequiredService<OutboxSignal>(),
            services.GetServices<ConsumedQueue>(),
            services.GetServices<IParkedWork>()
        ));
        builder.Services.AddHostedService<OutboxRelay>();
        builder.Services.AddHealthChecks().AddCheck<BrokerHealthCheck>("rabbitmq", HealthStatus.Degraded);
        builder.Services.AddTableAge(
            new TableAge(
                "platform.outbox.oldest.age",
                "Age of the oldest outbox row that waits for the relay (waiting) or for a person (parked).",
                "platform.outbox.state",
                """
                SELECT state, coalesce(extract(epoch FROM now() - since), 0)::float8
                FROM (SELECT min(created_at) FILTER (WHERE parked_at IS NULL) AS waiting,
                             min(created_at) FILTER (WHERE parked_at IS NOT NULL) AS parked
                      FROM outbox WHERE published_at IS NULL) oldest,
                     LATERAL (VALUES ('waiting', waiting), ('parked', parked)) AS ages (state, since)
                """
            )
        );
        builder.Services.AddRetention("outbox", "published_at < now() - interval '7 days'");
        builder.Services.AddRetention("inbox", "received_at < now() - interval '7 days'");
        return new MessagingBuilder(builder.Services, topology);
    }

    /// <summary>
    /// Registers a signal that is also raised after each handled message, because its handler may have inserted due work.
    /// </summary>
    public static IServiceCollection AddWakeSignal<TSignal>(this IServiceCollection services)
        where TSignal : WakeSignal =>
        services.AddSingleton<TSignal>().AddSingleton<WakeSignal>(provider => provider.GetRequiredService<TSignal>());
}

/// <summary>Collects the queues a service consumes.</summary>
public sealed class MessagingBuilder(IServiceCollection services, Topology topology)
{
    public MessagingBuilder Consume<TMessage, THandler>(string queueName)
        where THandler : class, IMessageHandler<TMessage>
    {
        var queue = topology.QueueOf(queueName);
        services.AddScoped<IMessageHandler<TMessage>, THandler>();
        services.AddSingleton(new ConsumedQueue(queue));
        services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<MessageConsumer<TMessage>>(provider, queue));
        return this;
    }
}
