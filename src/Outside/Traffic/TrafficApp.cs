using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Platform.Traffic;

/// <summary>Shoppers, who know only the shop's public address.</summary>
internal static class TrafficApp
{
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder> configure)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder
            .Services.AddOptions<TrafficOptions>()
            .BindConfiguration(TrafficOptions.SectionName)
            .Configure(options => UseDiscoveredGateway(options, builder.Configuration))
            .ValidateDataAnnotations()
            .ValidateOnStart();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(4));

        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<LoadRate>();
        builder.Services.AddSingleton<LoadCounters>();
        builder.Services.AddSingleton<Shop>();
        builder.Services.AddSingleton<Visit>();
        builder.Services.AddHostedService<LoadGenerator>();
        builder.Services.AddHostedService<LoadSummary>();
        configure(builder);

        var app = builder.Build();
        app.MapLoadAdmin();
        app.MapGet("/health", () => TypedResults.Text("Healthy"));
        return app;
    }

    private static void UseDiscoveredGateway(TrafficOptions options, ConfigurationManager configuration)
    {
        if (configuration[TrafficOptions.DiscoveredGatewayKey] is { Length: > 0 } address)
        {
            // A relative address is kept, so that validation names the key.
            options.GatewayUrl = new Uri(address, UriKind.RelativeOrAbsolute);
        }
    }
}
