using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Instrumentation.StackExchangeRedis;
using OpenTelemetry.Trace;
using Platform.ServiceDefaults;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;
using StackExchange.Redis;

namespace Platform.Infrastructure.Data;

public static class CacheExtensions
{
    private const string SemanticConventions = "OTEL_SEMCONV_STABILITY_OPT_IN";

    /// <summary>
    /// Registers <see cref="Cache"/> over the Redis server of that connection name. A soft dependency: without it, /health is Degraded.
    /// </summary>
    public static TBuilder AddCache<TBuilder>(this TBuilder builder, string connectionName)
        where TBuilder : IHostApplicationBuilder
    {
        // The instrumentation has old names of attributes (db.system) unless told. It can be told by the environment of the process only:
        // its options read that when they are made, ask no configuration and have no setter for it. What is already set holds.
        if (Environment.GetEnvironmentVariable(SemanticConventions) is null)
        {
            Environment.SetEnvironmentVariable(SemanticConventions, "database");
        }

        builder.AddRedisClient(
            connectionName,
            settings =>
            {
                settings.DisableHealthChecks = true;

                // Aspire carries a copy of the instrumentation inside, which takes no options; here is the package itself.
                settings.DisableTracing = true;
            }
        );
        builder
            .Services.AddOpenTelemetry()
            .WithTracing(tracing =>
                tracing
                    .AddSource("OpenTelemetry.Instrumentation.StackExchangeRedis")
                    .ConfigureRedisInstrumentation(_ => { })
                    .AddInstrumentation(services => services.GetRequiredService<StackExchangeRedisInstrumentation>())
            );
        builder.Services.Configure<StackExchangeRedisInstrumentationOptions>(Describe);
        builder.Services.AddSingleton<Cache>();
        builder.Services.AddHealthChecks().AddCheck<CacheHealthCheck>("redis", HealthStatus.Degraded);
        return builder;
    }

    // Spans of commands are made afterwards, on a thread of their own, so they take what ties them to a request from the span that they
    // belong to.
    private static void Describe(StackExchangeRedisInstrumentationOptions options)
    {
        options.FlushInterval = TimeSpan.FromSeconds(1);
        options.EnrichActivityWithTimingEvents = false;

        // What belongs to no span is a probe's.
        options.Filter = command => command.ParentActivity is not null;
        options.Enrich = (activity, command) => Correlation.Copy(command.ParentActivity, activity);
    }
}

/// <summary>
/// Redis within a budget. A call that takes longer than <see cref="Budget"/> or fails is given up, and after some of them no call
/// is tried for a while: a slow cache costs a request little, and soon nothing.
/// </summary>
public sealed partial class Cache
{
    /// <summary>
    /// How long a call may take, the wait for the first connection included. A call that is given up is not taken back: the command may
    /// still reach Redis.
    /// </summary>
    public static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(100);

    private readonly Task<IConnectionMultiplexer> _connection;
    private readonly CircuitBreakerStateProvider _state = new();
    private readonly ResiliencePipeline _pipeline;
    private readonly Counter<long> _fallbacks;
    private readonly ILogger<Cache> _logger;

    public Cache(IServiceProvider services, IMeterFactory meters, ILogger<Cache> logger)
    {
        _logger = logger;
        _fallbacks = meters
            .Create(DataTelemetry.Name)
            .CreateCounter<long>("platform.cache.fallbacks", "{call}", "Cache calls that were given up or not tried.");

        // Resolving the client connects, and waits for that: not on a request's time.
        _connection = Task.Run(() =>
        {
            var connection = services.GetRequiredService<IConnectionMultiplexer>();
            services.GetRequiredService<StackExchangeRedisInstrumentation>().AddConnection(connection);
            return connection;
        });
        _pipeline = new ResiliencePipelineBuilder()
            .AddCircuitBreaker(
                new CircuitBreakerStrategyOptions
                {
                    ShouldHandle = new PredicateBuilder()
                        .Handle<RedisException>()
                        .Handle<TimeoutException>()
                        .Handle<TimeoutRejectedException>(),
                    FailureRatio = 0.5,
                    MinimumThroughput = 5,
                    SamplingDuration = TimeSpan.FromSeconds(5),
                    BreakDuration = TimeSpan.FromSeconds(2),
                    StateProvider = _state,
                    OnOpened = _ => Recorded(LogOpened),
                    OnClosed = _ => Recorded(LogClosed),
                }
            )
            .AddTimeout(Budget)
            .Build();
    }

    /// <summary>The call's answer, or <paramref name="fallback"/> when Redis is away, slow or refuses.</summary>
    public async Task<T> TryAsync<T>(Func<IDatabase, Task<T>> call, T fallback, CancellationToken cancellationToken)
    {
        try
        {
            return await CallAsync(call, cancellationToken);
        }
        catch (Exception exception) when (IsAway(exception))
        {
            // The breaker says once that it opened; a line for each call would flood the log while Redis is away.
            _fallbacks.Add(1);

            // A trace says why it has no span of Redis.
            Activity.Current?.SetTag(
                "platform.cache.fallback",
                exception switch
                {
                    BrokenCircuitException => "open",
                    TimeoutException or TimeoutRejectedException => "timeout",
                    _ => "failed",
                }
            );
            return fallback;
        }
    }

    /// <summary>
    /// Whether calls are tried. While they are not, this is one: the breaker notices that Redis is back by a call only, and a service
    /// without requests makes none. Else the calls of requests decide alone.
    /// </summary>
    public async Task<bool> IsAvailableAsync(CancellationToken cancellationToken)
    {
        if (_state.CircuitState == CircuitState.Closed)
        {
            return _connection is { IsCompletedSuccessfully: true, Result.IsConnected: true };
        }

        try
        {
            await CallAsync(database => database.PingAsync(), cancellationToken);
            return true;
        }
        catch (Exception exception) when (IsAway(exception))
        {
            // What the caller asked.
            return false;
        }
    }

    // Calls of StackExchange.Redis take no token, so the pipeline's timeout ends the wait for them and not them.
    private async Task<T> CallAsync<T>(Func<IDatabase, Task<T>> call, CancellationToken cancellationToken) =>
        await _pipeline.ExecuteAsync(
            async token =>
            {
                var connection = await _connection.WaitAsync(token);
                return await call(connection.GetDatabase()).WaitAsync(token);
            },
            cancellationToken
        );

    private static bool IsAway(Exception exception) =>
        exception is RedisException or TimeoutException or TimeoutRejectedException or BrokenCircuitException;

    // A probe may open or close the breaker, and telemetry of probes is suppressed; the state of the cache must be logged all the same.
    private static ValueTask Recorded(Action log)
    {
        using var recorded = SuppressInstrumentationScope.Begin(false);
        log();
        return ValueTask.CompletedTask;
    }

    [LoggerMessage(
        EventId = 9011,
        EventName = "cache.unavailable",
        Level = LogLevel.Warning,
        Message = "Redis is slow or away; going on without cache"
    )]
    private partial void LogOpened();

    [LoggerMessage(EventId = 9012, EventName = "cache.available", Level = LogLevel.Information, Message = "Redis answers again")]
    private partial void LogClosed();
}

internal sealed class CacheHealthCheck(Cache cache) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await cache.IsAvailableAsync(cancellationToken)
            ? HealthCheckResult.Healthy()
            : new HealthCheckResult(context.Registration.FailureStatus, "Calls are not tried.");
}
