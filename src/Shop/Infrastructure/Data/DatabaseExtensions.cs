using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Platform.Infrastructure.Data;

public static class DatabaseExtensions
{
    /// <summary>Connections of one instance, at most.</summary>
    private const string MaxPoolSizeKey = "Database:MaxPoolSize";

    private const int DefaultMaxPoolSize = 40;

    /// <summary>
    /// Registers the service's own database as <see cref="NpgsqlDataSource"/>, and applies the embedded Schema.sql of each assembly at
    /// start, in the order given. The database is a hard dependency: without it /health is 503.
    /// </summary>
    /// <param name="builder">The service.</param>
    /// <param name="connectionName">The name of the connection string, as in the AppHost.</param>
    /// <param name="schemas">Assemblies with an embedded resource "Schema.sql" whose statements may run again and again.</param>
    public static TBuilder AddDatabase<TBuilder>(this TBuilder builder, string connectionName, params Assembly[] schemas)
        where TBuilder : IHostApplicationBuilder
    {
        builder.AddNpgsqlDataSource(
            connectionName,
            configureDataSourceBuilder: dataSource =>
            {
                // Without a name, telemetry shows the connection string as the pool's name.
                dataSource.Name = connectionName;

                // Timeouts nest: below the 10 s that callers wait. The pools of all services fit the server's connection limit.
                dataSource.ConnectionStringBuilder.Timeout = 3;
                dataSource.ConnectionStringBuilder.CommandTimeout = 5;
                dataSource.ConnectionStringBuilder.MaxPoolSize = builder.Configuration.GetValue(MaxPoolSizeKey, DefaultMaxPoolSize);

                // Releases the locks of a process that froze inside a transaction. No transaction here waits for another process.
                dataSource.ConnectionStringBuilder.Options = "-c idle_in_transaction_session_timeout=10s";
                dataSource.ConfigureTracing(tracing =>
                    tracing
                        .EnableFirstResponseEvent(false)
                        .EnablePhysicalOpenTracing(false)
                        .ConfigureCommandSpanNameProvider(command => SqlSpanName.Of(command.CommandText))
                        .ConfigureBatchSpanNameProvider(batch => SqlSpanName.Of(batch.BatchCommands[0].CommandText))
                );
            }
        );

        builder.Services.AddSingleton(services => new DatabaseSchema(
            services.GetRequiredService<NpgsqlDataSource>(),
            schemas,
            services.GetRequiredService<ILogger<DatabaseSchema>>()
        ));
        builder.Services.AddHostedService(services => services.GetRequiredService<DatabaseSchema>());
        builder.Services.AddHostedService<PoolWatch>();
        builder.Services.AddSingleton<ILoggerProvider>(services => new SlowQueryLog(services.GetRequiredService<ILoggerFactory>));
        builder.Logging.AddFilter<SlowQueryLog>(null, LogLevel.None).AddFilter<SlowQueryLog>(SlowQueryLog.Category, LogLevel.Information);
        builder.Services.AddExceptionHandler<DependencyUnavailableHandler>();
        return builder;
    }
}
