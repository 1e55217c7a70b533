using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Platform.ServiceDefaults;

/// <summary>
/// Endpoints that change something need the operator's key besides the right port: a page in a browser can reach loopback.
/// </summary>
public static partial class ManagementKey
{
    public const string Header = "X-Management-Key";

    private const string ConfigurationKey = "Management:Key";

    public static RouteGroupBuilder RequireManagementKey(this RouteGroupBuilder group) =>
        group.AddEndpointFilter(
            async (context, next) =>
            {
                var expected = context.HttpContext.RequestServices.GetRequiredService<IConfiguration>()[ConfigurationKey];
                var logger = context.HttpContext.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Platform.Management");
                var given = context.HttpContext.Request.Headers[Header].ToString();
                if (
                    string.IsNullOrEmpty(expected)
                    || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected))
                )
                {
                    LogDenied(logger);
                    return TypedResults.Problem(
                        $"Send the key configured as {ConfigurationKey} in {Header}.",
                        statusCode: StatusCodes.Status401Unauthorized
                    );
                }

                LogAction(
                    logger,
                    context.HttpContext.Request.Method,
                    (context.HttpContext.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText
                );
                return await next(context);
            }
        );

    [LoggerMessage(
        EventId = 9411,
        EventName = "security.admin_action",
        Level = LogLevel.Information,
        Message = "Operator: {Method} {Route}"
    )]
    private static partial void LogAction(ILogger logger, string method, string? route);

    [LoggerMessage(
        EventId = 9412,
        EventName = "security.access_denied",
        Level = LogLevel.Warning,
        Message = "Operator's request without the management key"
    )]
    private static partial void LogDenied(ILogger logger);
}
