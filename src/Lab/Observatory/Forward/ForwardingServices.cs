using Microsoft.Extensions.Options;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Forward;

internal static class ForwardingServices
{
    public static IServiceCollection AddForwarding(this IServiceCollection services) =>
        services
            .AddSingleton<IValidateOptions<ObservatoryOptions>, ForwardValidation>()
            .AddSingleton<Hops>()
            .AddSingleton<HopGate>()
            .AddSingleton<Forwarder>()
            .AddHostedService(provider => provider.GetRequiredService<Forwarder>());

    public static IApplicationBuilder UseHopGate(this IApplicationBuilder app) =>
        app.Use(next => context => app.ApplicationServices.GetRequiredService<HopGate>().HandleAsync(context, next));
}
