using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Sentry.Reporting;

namespace Sentry.AspNetCore;

/// <summary>A scope for each request; reports what the application let through or an exception handler swallowed, once.</summary>
internal sealed class SentryMiddleware(RequestDelegate next, Hub hub)
{
    public Task InvokeAsync(HttpContext context) => hub.IsEnabled ? InvokeScopedAsync(context) : next(context);

    private async Task InvokeScopedAsync(HttpContext context)
    {
        using var pushed = hub.PushScope();
        var request = new RequestInformation(context, hub.Options.SendDefaultPii);
        var eventId = SentryId.Create();
        hub.ConfigureScope(scope =>
        {
            scope.Enrich = request.Apply;
            scope.Propagation = PropagationContext.Continue(context.Request.Headers["sentry-trace"]);

            // Known before the event exists, so that an error page can show it.
            scope.LastEventId = eventId;
        });
        try
        {
            await next(context);
            if (context.Features.Get<IExceptionHandlerFeature>()?.Error is { } swallowed)
            {
                Capture(swallowed, "IExceptionHandlerFeature", "An exception handler of the application caught this exception.");
            }
        }
        catch (Exception exception)
        {
            Capture(exception, "SentryMiddleware.UnhandledException", "The application did not catch this exception.");
            throw;
        }
        finally
        {
            request.Complete();
            if (((SentryAspNetCoreOptions)hub.Options).FlushOnCompletedRequest)
            {
                await hub.FlushAsync(hub.Options.FlushTimeout);
            }
        }

        void Capture(Exception exception, string mechanism, string description)
        {
            exception.SetSentryMechanism(mechanism, description, handled: false);
            hub.CaptureEvent(new SentryEvent(exception, eventId));
        }
    }
}
