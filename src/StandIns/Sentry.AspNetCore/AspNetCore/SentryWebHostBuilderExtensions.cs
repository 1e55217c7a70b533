using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;
using Sentry.AspNetCore;
using Sentry.Extensions.Logging;

namespace Microsoft.AspNetCore.Hosting;

public static class SentryWebHostBuilderExtensions
{
    public static IWebHostBuilder UseSentry(this IWebHostBuilder builder) =>
        builder.UseSentry((Action<SentryAspNetCoreOptions>?)null);

    public static IWebHostBuilder UseSentry(this IWebHostBuilder builder, string dsn) =>
        builder.UseSentry(options => options.Dsn = dsn);

    public static IWebHostBuilder UseSentry(this IWebHostBuilder builder, Action<SentryAspNetCoreOptions>? configureOptions) =>
        builder.UseSentry((_, options) => configureOptions?.Invoke(options));

    public static IWebHostBuilder UseSentry(
        this IWebHostBuilder builder, Action<WebHostBuilderContext, SentryAspNetCoreOptions>? configureOptions) =>
        builder.UseSentry((context, sentry) => sentry.AddSentryOptions(options => configureOptions?.Invoke(context, options)));

    public static IWebHostBuilder UseSentry(this IWebHostBuilder builder, Action<ISentryBuilder>? configureSentry) =>
        builder.UseSentry((_, sentry) => configureSentry?.Invoke(sentry));

    /// <summary>Reads the section "Sentry", then runs <paramref name="configureSentry"/>. Without a DSN the host does not start.</summary>
    public static IWebHostBuilder UseSentry(this IWebHostBuilder builder, Action<WebHostBuilderContext, ISentryBuilder>? configureSentry) =>
        builder.ConfigureServices((context, services) =>
        {
            services.AddOptions<SentryAspNetCoreOptions>().BindConfiguration("Sentry");
            configureSentry?.Invoke(context, new SentryBuilder(services));
            services.TryAddEnumerable(
                ServiceDescriptor.Singleton<IPostConfigureOptions<SentryAspNetCoreOptions>, AspNetCoreDefaults>());
            services.AddHub<SentryAspNetCoreOptions>();
            services.TryAddEnumerable(ServiceDescriptor.Transient<IStartupFilter, SentryStartupFilter>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IHttpMessageHandlerBuilderFilter, OutgoingRequests>());
        });
}
