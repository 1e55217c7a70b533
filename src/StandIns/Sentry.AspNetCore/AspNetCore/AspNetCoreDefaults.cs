using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Sentry.Extensions.Logging;

namespace Sentry.AspNetCore;

internal sealed class AspNetCoreDefaults(IHostEnvironment environment) : IPostConfigureOptions<SentryAspNetCoreOptions>
{
    public void PostConfigure(string? name, SentryAspNetCoreOptions options)
    {
        options.Environment ??= SentryOptions.ConfiguredEnvironment ?? Cased(options);

        // The middleware reports what these lines report. The developer page's line stays: nothing else tells of what it swallows.
        options.AddLogEntryFilter((category, _, eventId, _) =>
            (category == "Microsoft.AspNetCore.Server.Kestrel" && eventId.Name == "ApplicationError")
            || (category == "Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware" && eventId.Name == "UnhandledException"));
        if (!options.SendDefaultPii)
        {
            // "Request starting" and "finished" repeat the query string.
            options.AddLogEntryFilter((category, _, _, exception) =>
                category == "Microsoft.AspNetCore.Hosting.Diagnostics" && exception is null);
        }
    }

    private string Cased(SentryAspNetCoreOptions options) =>
        options.AdjustStandardEnvironmentNameCasing
        && (environment.IsProduction() || environment.IsStaging() || environment.IsDevelopment())
            ? environment.EnvironmentName.ToLowerInvariant()
            : environment.EnvironmentName;
}
