using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Platform.ServiceDefaults.Outside;

public static class OutsideClientExtensions
{
    /// <summary>
    /// Registers a typed client of another company: address from configuration, a time limit per attempt, a breaker, and of our
    /// trace headers only traceparent and tracestate. It does not retry: who calls it decides when an attempt is repeated.
    /// </summary>
    /// <param name="builder">The service.</param>
    /// <param name="name">Resource name in the AppHost; the address is services:{name}:http:0.</param>
    /// <param name="timeout">Limit of one attempt.</param>
    public static IHttpClientBuilder AddOutsideClient<TClient>(this IHostApplicationBuilder builder, string name, TimeSpan timeout)
        where TClient : class
    {
        var addressKey = $"services:{name}:http:0";
        var address = builder.Configuration[addressKey];
        var breaker = new CircuitBreakerStateProvider();
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage>()
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpResponseMessage>
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
            })
            .AddTimeout(timeout)
            .Build();

        builder.Services.AddHealthChecks().AddCheck(name, () => breaker.CircuitState == CircuitState.Open
            ? HealthCheckResult.Degraded("Calls are not tried.")
            : HealthCheckResult.Healthy());

        return builder.Services.AddHttpClient<TClient>(name, client =>
            {
                client.BaseAddress = Uri.TryCreate(address, UriKind.Absolute, out var uri)
                    ? uri
                    : throw new InvalidOperationException($"The address of {name} is missing: set {addressKey}.");

                // The pipeline's limit is the one that holds.
                client.Timeout = Timeout.InfiniteTimeSpan;
            })
            .RemoveAllLoggers()
            .AddHttpMessageHandler(() => new ResilienceHandler(pipeline))
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                ActivityHeadersPropagator = TraceContextOnlyPropagator.Instance,
                ConnectTimeout = TimeSpan.FromSeconds(2),
                PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            });
    }

    private sealed class ResilienceHandler(ResiliencePipeline<HttpResponseMessage> pipeline) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            await pipeline.ExecuteAsync(
                static async (state, token) => await state.Handler.SendInnerAsync(state.Request, token),
                (Handler: this, Request: request),
                cancellationToken);

        private Task<HttpResponseMessage> SendInnerAsync(HttpRequestMessage request, CancellationToken cancellationToken) => base.SendAsync(request, cancellationToken);
    }
}

/// <summary>W3C trace context without baggage: who our user is, is not another company's business.</summary>
internal sealed class TraceContextOnlyPropagator : DistributedContextPropagator
{
    public static readonly TraceContextOnlyPropagator Instance = new();

    private static readonly DistributedContextPropagator W3C = CreateW3CPropagator();

    public override IReadOnlyCollection<string> Fields { get; } = ["traceparent", "tracestate"];

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
        if (setter is not null)
        {
            W3C.Inject(activity, carrier, (target, name, value) =>
            {
                if (name is "traceparent" or "tracestate")
                {
                    setter(target, name, value);
                }
            });
        }
    }

    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) =>
        W3C.ExtractTraceIdAndState(carrier, getter, out traceId, out traceState);

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
