using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Features;
using Platform.Infrastructure.Identity;
using Platform.ServiceDefaults;

namespace Platform.Gateway;

/// <summary>
/// The edge of the platform. A caller's traceparent is kept. Its baggage and tracestate are dropped: baggage is ours from here on, and
/// tracestate is free text that would reach every span and outside company. Every response has the request and trace id.
/// </summary>
internal static partial class Edge
{
    public const string RequestIdHeader = "X-Request-Id";
    public const string TraceIdHeader = "X-Trace-Id";

    /// <summary>Call before AddServiceDefaults: its middleware must see what is set here.</summary>
    public static void AddEdge(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DistributedContextPropagator, TraceparentOnlyPropagator>();
        builder.Services.AddSingleton<IStartupFilter, EdgeStartupFilter>();
    }

    /// <summary>Adds the authenticated user and tenant to every span and log record from here on.</summary>
    public static void UseCallerIdentity(this WebApplication app) =>
        app.Use(
            async (context, next) =>
            {
                if (context.User.Identity is { IsAuthenticated: true })
                {
                    var activity = context.Features.Get<IHttpActivityFeature>()?.Activity;
                    Correlation.Set(activity, Correlation.UserId, context.User.UserId());
                    Correlation.Set(activity, Correlation.TenantId, context.User.TenantId());
                }

                await next(context);
                if (
                    context.Response.StatusCode is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden
                    && context.GetEndpoint() is RouteEndpoint endpoint
                )
                {
                    LogDenied(app.Logger, endpoint.RoutePattern.RawText, context.Response.StatusCode);
                }
            }
        );

    [LoggerMessage(
        EventId = 1003,
        EventName = "security.access_denied",
        Level = LogLevel.Warning,
        Message = "Access to {Route} denied with {Status}"
    )]
    private static partial void LogDenied(ILogger logger, string? route, int status);

    /// <summary>A caller's own id when it is well-formed, otherwise a new one.</summary>
    internal static string RequestIdOf(string? given) =>
        given is not null && RequestIdPattern().IsMatch(given) ? given : Guid.CreateVersion7().ToString("N");

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex RequestIdPattern();

    private sealed class EdgeStartupFilter : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
            app =>
            {
                app.Use(
                    (context, proceed) =>
                    {
                        var requestId = RequestIdOf(context.Request.Headers[RequestIdHeader]);
                        var activity = context.Features.Get<IHttpActivityFeature>()?.Activity;
                        Correlation.Set(activity, Correlation.RequestId, requestId);

                        // The proxy copies request headers, so a caller's baggage would be forwarded beside ours.
                        context.Request.Headers.Remove("baggage");
                        context.Request.Headers.Remove("Correlation-Context");
                        context.Request.Headers.Remove("tracestate");
                        context.Response.OnStarting(() =>
                        {
                            context.Response.Headers[RequestIdHeader] = requestId;
                            context.Response.Headers[TraceIdHeader] = activity?.TraceId.ToString();
                            return Task.CompletedTask;
                        });
                        return proceed(context);
                    }
                );
                next(app);
            };
    }

    /// <summary>Used for incoming requests only; outgoing ones carry our baggage by the default propagator.</summary>
    private sealed class TraceparentOnlyPropagator : DistributedContextPropagator
    {
        private static readonly DistributedContextPropagator W3C = CreateW3CPropagator();

        public override IReadOnlyCollection<string> Fields => W3C.Fields;

        public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter) =>
            W3C.Inject(activity, carrier, setter);

        public override void ExtractTraceIdAndState(
            object? carrier,
            PropagatorGetterCallback? getter,
            out string? traceId,
            out string? traceState
        )
        {
            W3C.ExtractTraceIdAndState(carrier, getter, out traceId, out _);
            traceState = null;
        }

        public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) =>
            null;
    }
}
