using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Platform.Gateway;

/// <summary>What the platform shows to the world; every other path is 404 here.</summary>
internal static partial class ShopRoutes
{
    /// <summary>Longer than any time-out behind the gateway, so that the inner one speaks first.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    private const long MaxWebhookBytes = 64 * 1024;

    public static void AddShopRoutes(this WebApplicationBuilder builder) =>
        builder
            .Services.AddReverseProxy()
            .LoadFromMemory(
                [
                    Route("products", "/api/products", "orders", "default"),
                    Route("orders", "/api/orders", "orders", "default"),
                    Route("order", "/api/orders/{id:guid}", "orders", "default"),
                    // Signed by the acquirer: payments checks that, there is no session. Its limit is payments' own, asked for here too:
                    // who refuses a body that is still on its way breaks the connection, and the gateway could not tell that from a
                    // failure.
                    Route("acquirer-webhook", "/webhooks/acquirer", "payments", "anonymous") with
                    {
                        MaxRequestBodySize = MaxWebhookBytes,
                    },
                ],
                [Cluster("orders"), Cluster("payments")]
            )
            .AddServiceDiscoveryDestinationResolver();

    /// <summary>
    /// A service that cannot be reached cannot report that itself: the gateway is where it happened. What a service answered, and a caller
    /// who went away, are not failures of the gateway.
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
                    // Its time-out is a cancellation, which is nobody's error elsewhere.
                    var exception = failure.Exception is OperationCanceledException timedOut
                        ? new TimeoutException("There was no answer in time.", timedOut)
                        : failure.Exception;
                    LogNoAnswer(app.Logger, exception, context.GetReverseProxyFeature().Cluster.Config.ClusterId, failure.Error);
                }
            }
        );

    /// <summary>A caller who sends too much or in a wrong way, or who went away.</summary>
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

    [LoggerMessage(EventId = 1005, EventName = "upstream.failed", Level = LogLevel.Error, Message = "{Upstream} gave no answer: {Reason}")]
    private static partial void LogNoAnswer(ILogger logger, Exception? exception, string upstream, ForwarderError reason);
}
