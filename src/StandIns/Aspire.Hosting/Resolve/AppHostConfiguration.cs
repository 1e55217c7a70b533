using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Resolve;

/// <summary>The AppHost:* keys that a topology may read: its own place, and the keys dashboards are reached with.</summary>
internal static class AppHostConfiguration
{
    /// <summary>Where dashboards find the resource service. A topology reads it, so it is settled before the first resource is added.</summary>
    public const string ResourceServiceUrl = "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL";

    public static void Add(ConfigurationManager configuration, string directory, string projectName, IUserSecretsManager secrets)
    {
        const string Extension = ".csproj";
        var name = projectName.EndsWith(Extension, StringComparison.Ordinal) ? projectName[..^Extension.Length] : projectName;
        var path = Path.Combine(directory, name);
        var pathHash = Hash(path.ToLowerInvariant());
        var values = new Dictionary<string, string?>
        {
            ["AppHost:Directory"] = directory,
            ["AppHost:Path"] = path,
            ["AppHost:FilePath"] = path + Extension,
            ["AppHost:DashboardApplicationName"] = name,
            ["AppHost:Sha256"] = pathHash,
            ["AppHost:PathSha256"] = pathHash,
            ["AppHost:ProjectNameSha256"] = Hash(projectName),
        };

        // Several AppHosts run at the same time in tests, all with the address of one launch profile.
        if (configuration[ResourceServiceUrl] is null or "" || string.Equals(configuration["DcpPublisher:RandomizePorts"], "true", StringComparison.OrdinalIgnoreCase))
        {
            values[ResourceServiceUrl] = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{PortLedger.Next()}");
        }

        if (string.Equals(configuration["DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"], "true", StringComparison.OrdinalIgnoreCase))
        {
            values["AppHost:ResourceService:AuthMode"] = "Unsecured";
        }
        else
        {
            values["AppHost:BrowserToken"] = configuration["DASHBOARD_FRONTEND_BROWSERTOKEN"] is { Length: > 0 } token ? token : Token();
            values["AppHost:ResourceService:AuthMode"] = "ApiKey";
            values["AppHost:ResourceService:ApiKey"] = configuration["AppHost:ResourceService:ApiKey"] is { Length: > 0 } key ? key : Token();
            secrets.GetOrSetSecret(configuration, "AppHost:OtlpApiKey", Token);
            secrets.GetOrSetSecret(configuration, "AppHost:DashboardApiKey", Token);
        }

        configuration.AddInMemoryCollection(values);
    }

    private static string Token() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private static string Hash(string text) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
