using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Platform.ServiceDefaults.Telemetry;

/// <summary>
/// Adds to ASP.NET Core's server span what it lacks by the HTTP semantic conventions: name with the route, http.route,
/// status code, error type and the exception (client.address stays out: it is personal data). Outermost middleware, so that it sees the final answer.
/// </summary>
internal sealed class ServerSpanStartupFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(DescribeAsync);
        next(app);
    };

    private static async Task DescribeAsync(HttpContext context, RequestDelegate next)
    {
        var activity = context.Features.Get<IHttpActivityFeature>()?.Activity;
        if (activity is not { IsAllDataRequested: true })
        {
            await next(context);
            return;
        }

        activity.SetTag("network.protocol.version", context.Request.Protocol.Replace("HTTP/", "", StringComparison.Ordinal));
        try
        {
            await next(context);
        }
        finally
        {
            Finish(activity, context);
        }
    }

    private static void Finish(Activity activity, HttpContext context)
    {
        var failure = context.Features.Get<IExceptionHandlerFeature>();
        var route = ((context.GetEndpoint() ?? failure?.Endpoint) as RouteEndpoint)?.RoutePattern.RawText;

        // An unknown method would make the span's name a value of the caller's choice.
        var method = activity.GetTagItem("http.request.method") is string known and not "_OTHER" ? known : "HTTP";
        activity.DisplayName = route is null ? method : $"{method} {route}";
        if (route is not null)
        {
            activity.SetTag("http.route", route);
        }
        else
        {
            // A path that no route knows is free text of a stranger; what a route matched has the route's shape.
            activity.SetTag("url.path", null);
        }

        activity.SetTag("http.request.method_original", null);

        activity.SetTag("http.response.status_code", context.Response.StatusCode);
        if (context.Response.StatusCode < StatusCodes.Status500InternalServerError)
        {
            return;
        }

        if (failure is not null)
        {
            activity.Fail(failure.Error);
            return;
        }

        activity.SetTag("error.type", context.Response.StatusCode.ToString(CultureInfo.InvariantCulture));
        activity.SetStatus(ActivityStatusCode.Error);
    }
}
