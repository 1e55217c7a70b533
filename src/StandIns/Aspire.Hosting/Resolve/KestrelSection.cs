using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Resolve;

/// <summary>scheme://host:port as Kestrel writes it; host may be "*", "+" or an address, the port may be missing.</summary>
internal sealed record BindingAddress(string Scheme, string Host, int Port)
{
    public static BindingAddress Parse(string text)
    {
        // "http://*:8080" is no URI: name the host before parsing it.
        var uri = new Uri(text.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal));
        return new BindingAddress(uri.Scheme, uri.Host, uri.Port);
    }
}

internal sealed record KestrelEndpoint(string Name, string Scheme, string Host, int Port, bool Http2);

/// <summary>The endpoints a project declares in its appsettings files: <c>"Kestrel": { "Endpoints": { "http": { "Url": "http://localhost:8080" } } }</c>.</summary>
internal static class KestrelSection
{
    public static IReadOnlyList<KestrelEndpoint> Read(string projectFolder, LaunchProfile? profile)
    {
        var environment = profile?.EnvironmentVariables.GetValueOrDefault("ASPNETCORE_ENVIRONMENT")
            ?? profile?.EnvironmentVariables.GetValueOrDefault("DOTNET_ENVIRONMENT") ?? "Production";
        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(projectFolder, "appsettings.json"), optional: true, reloadOnChange: false)
            .AddJsonFile(Path.Combine(projectFolder, $"appsettings.{environment}.json"), optional: true, reloadOnChange: false)
            .Build();

        var defaultProtocols = configuration["Kestrel:EndpointDefaults:Protocols"];
        return
        [
            .. from section in configuration.GetSection("Kestrel:Endpoints").GetChildren()
               let url = section["Url"]
               where url is not null
               let address = BindingAddress.Parse(url)
               select new KestrelEndpoint(section.Key, address.Scheme, address.Host, address.Port,
                   string.Equals(section["Protocols"] ?? defaultProtocols, "Http2", StringComparison.OrdinalIgnoreCase)),
        ];
    }
}
