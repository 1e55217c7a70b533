using System.Collections.Concurrent;
using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Platform.Contracts;
using Platform.Infrastructure.Data;
using Platform.Messaging;
using Platform.ServiceDefaults;
using RabbitMQ.Client;

namespace Platform.Tests.Support;

public sealed record Ping(string Text);

/// <summary>Has a route and no queue: the broker returns it.</summary>
public sealed record Lost(string Text);

/// <summary>
/// Services with outbox, relay and consumer as of the shop, on the platform's servers, with a database and queues of their own.
/// </summary>
public sealed class MessagingHost(PlatformFixture platform) : IAsyncDisposable
{
    private readonly List<IHost> _hosts = [];
    private NpgsqlDataSource? _database;
    private string _broker = "";
    private string _password = "";

    public string Name { get; } = $"relay_{Guid.NewGuid():N}";

    public string QueueName => $"{Name}.ping";

    public Uri Broker => new(_broker);

    public NpgsqlDataSource Database => _database ?? throw new InvalidOperationException("Not created.");

    /// <summary>What the services logged.</summary>
    public ConcurrentQueue<(LogLevel Level, string Text)> Log { get; } = [];

    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        var server = new NpgsqlConnectionStringBuilder(await platform.DatabaseAsync("ordersdb", cancellationToken))
        {
            Database = "postgres",
            Pooling = false,
        };
        await using (var admin = NpgsqlDataSource.Create(server))
        await using (var create = admin.CreateCommand($"CREATE DATABASE {Name}"))
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        _password = server.Password!;
        _database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = Name, Pooling = true });
        _broker = await platform.DatabaseAsync("rabbitmq", cancellationToken);
    }

    /// <summary>A service with a relay, and with a consumer if it has a handler.</summary>
    public async Task<IHost> StartAsync(
        CancellationToken cancellationToken,
        Func<Ping, AfterCommit, Task>? handle = null,
        Uri? broker = null,
        params (string Name, string Value)[] settings
    )
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?>
            {
                ["ConnectionStrings:relaydb"] = Database.ConnectionString + $";Password={_password}",
                ["ConnectionStrings:broker"] = (broker ?? Broker).ToString(),
                ["Messaging:PollInterval"] = "00:00:00.050",
                ["Messaging:MaxPublishAttempts"] = "2",
            }
        );
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)));

        // What the client says by itself is about every connection of this process.
        builder.Logging.AddProvider(new Collector(Log)).SetMinimumLevel(LogLevel.Information).AddFilter("RabbitMQ.Client", LogLevel.None);
        builder.AddDatabase("relaydb", typeof(Outbox).Assembly);
        var messaging = builder.AddMessaging(
            "broker",
            new Topology(
                new Dictionary<Type, Route> { [typeof(Ping)] = new(Name, "ping"), [typeof(Lost)] = new(Name, "lost") },
                [new Queue(QueueName, new Route(Name, "ping"))]
            )
        );
        if (handle is not null)
        {
            builder.Services.AddSingleton(handle);
            messaging.Consume<Ping, Handler>(QueueName);
        }

        builder.Services.AddMetrics();
        builder.Services.AddSingleton(new ServiceIdentity(Name, "1", "Test", "local"));
        var host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync(cancellationToken);
        await host.Services.GetRequiredService<DatabaseSchema>().WaitUntilAppliedAsync(cancellationToken);
        return host;
    }

    public static async Task<HealthReportEntry> HealthAsync(IHost host, CancellationToken cancellationToken) =>
        (
            await host
                .Services.GetRequiredService<HealthCheckService>()
                .CheckHealthAsync(check => check.Name == "rabbitmq", cancellationToken)
        ).Entries["rabbitmq"];

    /// <summary>Connected, and the topology declared.</summary>
    public static Task ConnectedAsync(IHost host, CancellationToken cancellationToken) =>
        Eventually.TrueAsync(
            async () => (await HealthAsync(host, cancellationToken)).Status == HealthStatus.Healthy,
            "the service is connected"
        );

    public static async Task StopAsync(IHost host) => await host.StopAsync(CancellationToken.None);

    public async Task<Guid> AddAsync<TMessage>(IHost host, TMessage message, CancellationToken cancellationToken)
        where TMessage : notnull
    {
        var outbox = host.Services.GetRequiredService<Outbox>();
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var id = await outbox.AddAsync(connection, message, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return id;
    }

    public async Task<long> CountAsync(string condition, CancellationToken cancellationToken)
    {
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(
            new CommandDefinition($"SELECT count(*) FROM outbox WHERE {condition}", cancellationToken: cancellationToken)
        );
    }

    public async Task UseChannelAsync(Func<IChannel, Task> use, CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory { Uri = Broker }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await use(channel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.StopAsync(CancellationToken.None);
            host.Dispose();
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
            await UseChannelAsync(
                async channel =>
                {
                    await channel.QueueDeleteAsync(QueueName);
                    await channel.QueueDeleteAsync($"{QueueName}.dead");
                    await channel.ExchangeDeleteAsync(Name);
                },
                CancellationToken.None
            );
        }
    }

    private sealed class Handler(Func<Ping, AfterCommit, Task> handle, AfterCommit afterCommit) : IMessageHandler<Ping>
    {
        public Task HandleAsync(Ping message, NpgsqlConnection connection, CancellationToken cancellationToken) =>
            handle(message, afterCommit);
    }

    private sealed class Collector(ConcurrentQueue<(LogLevel Level, string Text)> log) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => log.Enqueue((logLevel, formatter(state, exception)));

        public void Dispose() { }
    }
}
