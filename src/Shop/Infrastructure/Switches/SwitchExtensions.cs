using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Platform.ServiceDefaults;

namespace Platform.Infrastructure.Switches;

public static class SwitchExtensions
{
    /// <summary>Path of the file; only who starts the service names it.</summary>
    private const string FileKey = "Settings:File";

    /// <summary>
    /// Reads settings from a JSON file that may change while the service runs: log levels, options, and <see cref="Switches"/>. In
    /// Development only; elsewhere the file is ignored and all switches are off. Call it after AddServiceDefaults, before what has
    /// settings.
    /// </summary>
    public static TBuilder AddSwitches<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(Switches)))
        {
            return builder;
        }

        builder.Services.AddOptions<SwitchOptions>();
        builder.Services.AddSingleton(services => new Switches(
            services.GetRequiredService<IOptionsMonitor<SwitchOptions>>(),
            services.GetRequiredService<ServiceIdentity>()
        ));
        if (builder.Environment.IsDevelopment() && builder.Configuration[FileKey] is { Length: > 0 } file)
        {
            builder.Configuration.AddJsonFile(file, optional: true, reloadOnChange: true);
            builder.Services.Configure<SwitchOptions>(options => builder.Configuration.GetSection("Switches").Bind(options.Values));
            builder.Services.AddSingleton<IOptionsChangeTokenSource<SwitchOptions>>(
                new ConfigurationChangeTokenSource<SwitchOptions>(builder.Configuration)
            );
            builder.Services.AddSingleton<TimeProvider, ShiftedTime>();
            builder.Services.AddHostedService<ResourceUse>();
        }

        return builder;
    }
}
