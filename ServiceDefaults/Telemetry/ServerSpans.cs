using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenTelemetry.Instrumentation.AspNetCore;

namespace Platform.ServiceDefaults.Telemetry;

/// <summary>What ASP.NET Core's instrumentation leaves out of a server span, and what it says that nobody should read.</summary>
internal static class ServerSpans
{
    public static void Configure(AspNetCoreTraceInstrumentationOptions options) =>
        options.EnrichWithHttpResponse = (activity, response) =>
        {
            var context = response.HttpContext;
            var failure = context.Features.Get<IExceptionHandlerFeature>();

            // The exception handler takes the endpoint away before it answers, and with it the route.
            if (activity.GetTagItem("http.route") is null && (failure?.Endpoint as RouteEndpoint)?.RoutePattern.RawText is { } route)
            {
                activity.SetTag("http.route", route);
                activity.DisplayName = $"{activity.GetTagItem("http.request.method")} {route}";
            }

            // A path that no route knows, a query and an unknown method are free text of a stranger; what a route matched has the route's
            // shape.
            if (activity.GetTagItem("http.route") is null)
            {
                activity.SetTag("url.path", null);
            }

            activity.SetTag("url.query", null);
            activity.SetTag("http.request.method_original", null);

            // The instrumentation records exceptions that nobody handled; ours are always handled, and a refusal is no error of ours.
            if (failure is not null && response.StatusCode >= StatusCodes.Status500InternalServerError)
            {
                activity.Fail(failure.Error);
            }
        };
}
