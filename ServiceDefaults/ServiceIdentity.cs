using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Resources;

namespace Platform.ServiceDefaults;

/// <summary>Identity of this process: the resource attributes of all its signals.</summary>
public sealed record ServiceIdentity(string Service, string Release, string Environment, string Region)
{
    /// <summary>Path of the deploy record; see <see cref="ReleaseOf"/>.</summary>
    private const string DeployRecordKey = "Deploy:Record";

    /// <summary>Registers the identity once and returns it.</summary>
    internal static ServiceIdentity AddTo(IHostApplicationBuilder builder)
    {
        var known = builder.Services.FirstOrDefault(service => service.ServiceType == typeof(ServiceIdentity));
        if (known?.ImplementationInstance is not ServiceIdentity identity)
        {
            identity = From(builder);
            builder.Services.AddSingleton(identity);
        }

        return identity;
    }

    private static ServiceIdentity From(IHostApplicationBuilder builder)
    {
        var service = builder.Configuration["OTEL_SERVICE_NAME"] ?? builder.Environment.ApplicationName.ToLowerInvariant();
        return new ServiceIdentity(
            service,
            ReleaseOf(service, InstanceOf(builder.Configuration["OTEL_RESOURCE_ATTRIBUTES"]), builder.Configuration[DeployRecordKey]),
            builder.Configuration["DEPLOYMENT_ENVIRONMENT"] ?? builder.Environment.EnvironmentName,
            builder.Configuration["CLOUD_REGION"] ?? "local"
        );
    }

    /// <summary>service.instance.id comes from OTEL_RESOURCE_ATTRIBUTES, which the SDK reads itself.</summary>
    internal void Describe(ResourceBuilder resource) =>
        resource
            .AddService(Service, serviceVersion: Release, autoGenerateServiceInstanceId: false)
            .AddAttributes([new("deployment.environment.name", Environment), new("cloud.region", Region)])
            .AddEnvironmentVariableDetector();

    /// <summary>
    /// The release from the deploy record, a file like {"orders/nkshygzk": "2026.11.21-9f4a21c"}, by instance or service ("orders");
    /// otherwise the built one. A deploy changes the record and restarts the instance.
    /// </summary>
    /// <exception cref="InvalidOperationException">The record is not a JSON object of strings.</exception>
    internal static string ReleaseOf(string service, string? instance, string? recordPath)
    {
        if (string.IsNullOrEmpty(recordPath) || !File.Exists(recordPath))
        {
            return BuiltRelease;
        }

        try
        {
            var record = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(recordPath)) ?? [];
            return (record.GetValueOrDefault($"{service}/{instance}") ?? record.GetValueOrDefault(service)) is { Length: > 0 } release
                ? release
                : BuiltRelease;
        }
        catch (JsonException exception)
        {
            throw new InvalidOperationException(
                $"The deploy record ({DeployRecordKey}) must be a JSON object of service names and releases.",
                exception
            );
        }
    }

    // service.instance.id=nkshygzk,other=value
    private static string? InstanceOf(string? attributes) =>
        attributes
            ?.Split(',')
            .Select(attribute => attribute.Split('=', 2))
            .FirstOrDefault(attribute => attribute is ["service.instance.id", _])
            ?[1];

    private static string BuiltRelease { get; } =
        typeof(ServiceIdentity)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(metadata => metadata.Key == "Release")
            .Value!;
}
