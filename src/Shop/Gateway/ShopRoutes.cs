using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Platform.Gateway;

/// <summary>The public routes; every other path is 404.</summary>
internal static partial class ShopRoutes
{
    /// <summary>Longer than any timeout behind the gateway, so that the inner one fires first.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Replicas stand behind one address that chooses by connection: without an end to connections, one that restarted would get no
    /// request.
    /// </summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromSeconds(10);

    private const long MaxWebhookBytes = 64 * 1024;

    public static void AddShopRoutes(this WebApplicationBuilder builder) =>
        builder
            .Services.AddReverseProxy()
            .LoadFromMemory(
                [
                    Route("products", "/api/products", "orders", "default"),
                    Route("orders", "/api/orders", "orders", "default"),
                    Route("order", "/api/orders/{id:guid}", "orders", "default"),
                    // Signed by the acquirer and verified by payments; there is no session. The size limit is repeated here because
                    // rejecting a body in transit breaks the connection, which the gateway could not tell from a failure.
                    Route("acquirer-webhook", "/webhooks/acquirer", "payments", "anonymous") with
                    {
                        MaxRequestBodySize = MaxWebhookBytes,
                    },
                ],
                [Cluster("orders"), Cluster("payments")]
            )
            .ConfigureHttpClient(
                (_, handler) =>
                {
                    handler.PooledConnectionLifetime = ConnectionLifetime;
                    handler.ConnectCallback = UpstreamConnection.OpenAsync;
                }
            )
            .AddServiceDiscoveryDestinationResolver();

    /// <summary>
    /// An unreachable service cannot report that, so the gateway does. Error responses of a service, and a caller who disconnected, are not
    /// failures of the gateway.
    /// </summary>
    public static void UseUpstreamReport(this WebApplication app) =>
        app.Use(
            async (context, next) =>
            {
                await next(context);
                if (
                    context.GetForwarderErrorFeature() is { } failure
                    && !IsTheCallers(failure.Error)
                    && !context.RequestAborted.IsCancellationRequested
                )
                {
                    // YARP's timeout is a cancellation, which is filtered out elsewhere.
                    var exception = failure.Exception is OperationCanceledException timedOut
                        ? new TimeoutException("There was no answer in time.", timedOut)
                        : failure.Exception;
                    LogNoAnswer(app.Logger, exception, context.GetReverseProxyFeature().Cluster.Config.ClusterId, failure.Error);
                }
            }
        );

    /// <summary>Caused by the caller: body too large, malformed request, or a disconnect.</summary>
    private static bool IsTheCallers(ForwarderError error) =>
        error
            is ForwarderError.RequestCanceled
                or ForwarderError.RequestBodyCanceled
                or ForwarderError.RequestBodyClient
                or ForwarderError.ResponseBodyCanceled
                or ForwarderError.ResponseBodyClient
                or ForwarderError.UpgradeRequestCanceled
                or ForwarderError.UpgradeRequestClient
                or ForwarderError.UpgradeResponseCanceled
                or ForwarderError.UpgradeResponseClient;

    private static RouteConfig Route(string id, string path, string cluster, string policy) =>
        new()
        {
            RouteId = id,
            ClusterId = cluster,
            AuthorizationPolicy = policy,
            Match = new RouteMatch { Path = path },
        };

    private static ClusterConfig Cluster(string service) =>
        new()
        {
            ClusterId = service,
            Destinations = new Dictionary<string, DestinationConfig> { [service] = new() { Address = $"https+http://{service}" } },
            HttpRequest = new ForwarderRequestConfig { ActivityTimeout = Timeout },
        };

    [LoggerMessage(EventId = 1005, EventName = "upstream.failed", Level = LogLevel.Error, Message = "{Upstream} did not respond: {Reason}")]
    private static partial void LogNoAnswer(ILogger logger, Exception? exception, string upstream, ForwarderError reason);
}
