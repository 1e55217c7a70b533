using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Platform.ServiceDefaults;

/// <summary>One log line per request and service instead of the framework's. Only a 5xx is an error.</summary>
internal sealed partial class RequestLog(ILogger<RequestLog> logger, TimeProvider time) : IStartupFilter
{
    /// <summary>No order is that large: shows a misbehaving client before it hits the limit.</summary>
    private const int LargeBodyBytes = 256 * 1024;

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
        app =>
        {
            app.Use(WriteAsync);
            next(app);
        };

    private async Task WriteAsync(HttpContext context, RequestDelegate next)
    {
        var started = time.GetTimestamp();
        if (context.Request.ContentLength is { } length and > LargeBodyBytes)
        {
            LogLarge(length);
        }

        try
        {
            await next(context);
        }
        finally
        {
            // Requests on the management port have neither metrics nor a line.
            if (context.Features.Get<IHttpMetricsTagsFeature>() is not { MetricsDisabled: true })
            {
                var route = (context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint) as RouteEndpoint;
                var level = context.Response.StatusCode >= StatusCodes.Status500InternalServerError ? LogLevel.Error : LogLevel.Information;
                var duration = Math.Round(time.GetElapsedTime(started).TotalMilliseconds, 1);
                LogCompleted(level, context.Request.Method, route?.RoutePattern.RawText, context.Response.StatusCode, duration);
            }
        }
    }

    [LoggerMessage(
        EventId = 9401,
        EventName = "request.completed",
        Message = "request completed: {Method} {Route} {Status} in {DurationMs} ms"
    )]
    private partial void LogCompleted(LogLevel level, string method, string? route, int status, double durationMs);

    [LoggerMessage(EventId = 9404, EventName = "request.large", Level = LogLevel.Warning, Message = "large request body: {Bytes} bytes")]
    private partial void LogLarge(long bytes);
}
