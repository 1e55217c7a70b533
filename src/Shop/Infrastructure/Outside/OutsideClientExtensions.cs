using System.Diagnostics;
using System.Net;
using System.Net.Http.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Platform.Infrastructure.Outside;

public static class OutsideClientExtensions
{
    /// <summary>Response size limit in bytes; these companies send a few KB.</summary>
    public const int MaxAnswerBytes = 1024 * 1024;

    /// <summary>
    /// Registers a typed client of an outside company: service discovery, a timeout per attempt that covers connecting and the whole body,
    /// a breaker, and of our trace headers only traceparent and tracestate. It does not retry: callers decide that.
    /// </summary>
    /// <param name="builder">The service.</param>
    /// <param name="name">Resource name in the AppHost, resolved by service discovery.</param>
    /// <param name="timeout">Timeout of one attempt.</param>
    public static IHttpClientBuilder AddOutsideClient<TClient>(this IHostApplicationBuilder builder, string name, TimeSpan timeout)
        where TClient : class
    {
        var breaker = new CircuitBreakerStateProvider();
        builder
            .Services.AddHealthChecks()
            .AddCheck(
                name,
                () =>
                    breaker.CircuitState == CircuitState.Open
                        ? HealthCheckResult.Degraded("Calls are not tried.")
                        : HealthCheckResult.Healthy()
            );

        var client = builder
            .Services.AddHttpClient<TClient>(
                name,
                client =>
                {
                    client.BaseAddress = new Uri($"https+http://{name}");

                    // The pipeline has the timeout.
                    client.Timeout = Timeout.InfiniteTimeSpan;
                }
            )
            .RemoveAllLoggers()
            .ConfigurePrimaryHttpMessageHandler(() =>
                new SocketsHttpHandler
                {
                    ActivityHeadersPropagator = TraceContextOnlyPropagator.Instance,

                    // No redirects: a request with a key or a card goes to the company's address only.
                    AllowAutoRedirect = false,
                    ConnectTimeout = TimeSpan.FromSeconds(2),
                    PooledConnectionLifetime = TimeSpan.FromMinutes(2),
                }
            );
        client.AddResilienceHandler(
            "outside",
            pipeline =>
                pipeline
                    .AddCircuitBreaker(
                        new HttpCircuitBreakerStrategyOptions
                        {
                            ShouldHandle = new PredicateBuilder<HttpResponseMessage>()
                                .Handle<HttpRequestException>()
                                .Handle<TimeoutRejectedException>()
                                .HandleResult(response => response.StatusCode >= HttpStatusCode.InternalServerError),
                            FailureRatio = 0.5,
                            MinimumThroughput = 10,
                            SamplingDuration = TimeSpan.FromSeconds(10),
                            BreakDuration = TimeSpan.FromSeconds(2),
                            StateProvider = breaker,
                        }
                    )
                    .AddTimeout(timeout)
        );
        return client.AddHttpMessageHandler(() => new WholeAnswerHandler()).AddHttpMessageHandler(() => new NamedInMetrics(name));
    }
}

/// <summary>Metrics of .NET know a company by its host and port; its name is what the map and the alerts use.</summary>
internal sealed class NamedInMetrics(string name) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpMetricsEnrichmentContext.AddCallback(request, context => context.AddCustomTag("peer.service", name));
        return base.SendAsync(request, cancellationToken);
    }
}

/// <summary>W3C trace context without baggage: the identity of our user is no other company's business.</summary>
internal sealed class TraceContextOnlyPropagator : DistributedContextPropagator
{
    public static readonly TraceContextOnlyPropagator Instance = new();

    private static readonly DistributedContextPropagator W3C = CreateW3CPropagator();

    public override IReadOnlyCollection<string> Fields { get; } = ["traceparent", "tracestate"];

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
        if (setter is not null)
        {
            W3C.Inject(
                activity,
                carrier,
                (target, name, value) =>
                {
                    if (name is "traceparent" or "tracestate")
                    {
                        setter(target, name, value);
                    }
                }
            );
        }
    }

    public override void ExtractTraceIdAndState(
        object? carrier,
        PropagatorGetterCallback? getter,
        out string? traceId,
        out string? traceState
    ) => W3C.ExtractTraceIdAndState(carrier, getter, out traceId, out traceState);

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
