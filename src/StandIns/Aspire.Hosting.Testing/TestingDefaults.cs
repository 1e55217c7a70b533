using System.Reflection;

namespace Aspire.Hosting.Testing;

/// <summary>What holds in tests unless arguments or configuration say otherwise.</summary>
internal static class TestingDefaults
{
    public static Dictionary<string, string?> For(Assembly appHost)
    {
        var defaults = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["DcpPublisher:RandomizePorts"] = "true",
            ["DcpPublisher:WaitForResourceCleanup"] = "true",
            ["ASPNETCORE_URLS"] = "http://localhost:8080",
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = "http://localhost:4317",
            ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true",
        };

        // The AppHost's launch profile counts as its environment: in it a test finds Development.
        var folder = appHost.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(metadata => string.Equals(metadata.Key, "apphostprojectpath", StringComparison.OrdinalIgnoreCase))?.Value;
        var profile = folder is null ? null : LaunchSettings.Read(folder)?.Profiles.Values.FirstOrDefault();
        foreach (var (name, value) in profile?.EnvironmentVariables ?? [])
        {
            defaults[name] = value;
            foreach (var prefix in new[] { "DOTNET_", "ASPNETCORE_" })
            {
                if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                {
                    defaults[name[prefix.Length..]] = value;
                }
            }
        }

        return defaults;
    }
}
