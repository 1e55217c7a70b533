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

    /// <summary>Registers <see cref="Cache"/> on the named Redis connection. A soft dependency: without it /health is Degraded.</summary>
    public static TBuilder AddCache<TBuilder>(this TBuilder builder, string connectionName)
        where TBuilder : IHostApplicationBuilder
    {
        // The instrumentation emits old attribute names (db.system) unless this environment variable is set: its options read nothing else.
        // A value that is already set wins.
        if (Environment.GetEnvironmentVariable(SemanticConventions) is null)
        {
            Environment.SetEnvironmentVariable(SemanticConventions, "database");
        }

        builder.AddRedisClient(
            connectionName,
            settings =>
            {
                settings.DisableHealthChecks = true;

                // Aspire's client embeds a copy of the instrumentation that takes no options; the package is used instead.
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

    // Command spans are created later on another thread, so they copy their correlation from the parent span.
    private static void Describe(StackExchangeRedisInstrumentationOptions options)
    {
        options.FlushInterval = TimeSpan.FromSeconds(1);
        options.EnrichActivityWithTimingEvents = false;

        // Commands without a parent span come from probes.
        options.Filter = command => command.ParentActivity is not null;
        options.Enrich = (activity, command) => Correlation.Copy(command.ParentActivity, activity);
    }
}

/// <summary>
/// Redis within a time budget. A call that is slow or fails is abandoned, and after some of those a breaker opens: an unavailable cache
/// costs a request little, and soon nothing.
/// </summary>
public sealed partial class Cache
{
    /// <summary>
    /// Timeout of a call, including the wait for the first connection. The command of an abandoned call may still reach Redis.
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
            .Create("Platform.Data")
            .CreateCounter<long>("platform.cache.fallbacks", "{call}", "Cache calls that were given up or not tried.");

        // Resolving the client blocks until it is connected, which must not happen on a request.
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
                    OnOpened = _ => LogRecorded(LogOpened),
                    OnClosed = _ => LogRecorded(LogClosed),
                }
            )
            .AddTimeout(Budget)
            .Build();
    }

    /// <summary>Ends with the first connection, which the budget of a first call includes.</summary>
    internal Task Connected => _connection;

    /// <summary>The result of the call, or <paramref name="fallback"/> when Redis is unavailable or slow.</summary>
    public async Task<T> TryAsync<T>(Func<IDatabase, Task<T>> call, T fallback, CancellationToken cancellationToken)
    {
        try
        {
            return await CallAsync(call, cancellationToken);
        }
        catch (Exception exception) when (IsAway(exception))
        {
            // The breaker logs once that it opened; a line per call would flood the log.
            _fallbacks.Add(1);

            // Explains in the trace why there is no Redis span.
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
    /// Whether the breaker is closed. While it is open this makes a call of its own: only a call closes it, and an idle service makes none.
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
            // The result says it.
            return false;
        }
    }

    // StackExchange.Redis takes no token, so the timeout ends the wait and not the call.
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

    // A probe may change the breaker's state while telemetry is suppressed; the change must be logged anyway.
    private static ValueTask LogRecorded(Action log)
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
