using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Resources;

namespace Platform.ServiceDefaults.Telemetry;

/// <summary>Who is speaking: the resource attributes that every signal of this process carries.</summary>
public sealed record ServiceIdentity(string Service, string Release, string Environment, string Region)
{
    /// <summary>Path of the deploy record; see <see cref="ReleaseOf"/>.</summary>
    private const string DeployRecordKey = "Deploy:Record";

    internal static ServiceIdentity From(IHostApplicationBuilder builder)
    {
        var service = builder.Configuration["OTEL_SERVICE_NAME"] ?? builder.Environment.ApplicationName.ToLowerInvariant();
        return new ServiceIdentity(
            service,
            ReleaseOf(service, builder.Configuration[DeployRecordKey]),
            builder.Configuration["DEPLOYMENT_ENVIRONMENT"] ?? builder.Environment.EnvironmentName,
            builder.Configuration["CLOUD_REGION"] ?? "local");
    }

    /// <summary>service.instance.id comes with OTEL_RESOURCE_ATTRIBUTES, which the SDK reads by itself.</summary>
    internal void Describe(ResourceBuilder resource) => resource
        .AddService(Service, serviceVersion: Release, autoGenerateServiceInstanceId: false)
        .AddAttributes([new("deployment.environment.name", Environment), new("cloud.region", Region)])
        .AddEnvironmentVariableDetector();

    /// <summary>
    /// What the deploy record says, a file like {"orders": "2026.11.21-9f4a21c"}; a service that is not in it runs what was built. To deploy
    /// is to change the record and restart the service.
    /// </summary>
    /// <exception cref="InvalidOperationException">The record is no JSON object of strings.</exception>
    internal static string ReleaseOf(string service, string? recordPath)
    {
        if (string.IsNullOrEmpty(recordPath) || !File.Exists(recordPath))
        {
            return BuiltRelease;
        }

        try
        {
            var record = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(recordPath));
            return record?.GetValueOrDefault(service) is { Length: > 0 } release ? release : BuiltRelease;
        }
        catch (JsonException exception)
        {
            throw new InvalidOperationException($"The deploy record ({DeployRecordKey}) must be a JSON object of service names and releases.", exception);
        }
    }

    private static string BuiltRelease { get; } =
        typeof(ServiceIdentity).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "Release").Value!;
}
