using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;

namespace Sentry.AspNetCore;

/// <summary>Puts the middleware in front of the application's own.</summary>
internal sealed class SentryStartupFilter(Hub hub, IHostApplicationLifetime lifetime) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next)
    {
        // Not left to the container: many programs end without disposing it.
        lifetime.ApplicationStopped.Register(hub.Dispose);
        return application =>
        {
            application.UseMiddleware<SentryMiddleware>();
            next(application);
        };
    }
}
