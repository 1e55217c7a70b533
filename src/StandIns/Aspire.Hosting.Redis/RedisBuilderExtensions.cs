using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

public static class RedisBuilderExtensions
{
    public static IResourceBuilder<RedisResource> AddRedis(this IDistributedApplicationBuilder builder, [ResourceName] string name, int? port) =>
        builder.AddRedis(name, port, null);

    public static IResourceBuilder<RedisResource> AddRedis(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, int? port = null, IResourceBuilder<ParameterResource>? password = null)
    {
        // Clients split the connection string at commas: no special characters.
        var redis = new RedisResource(
            name, password?.Resource ?? ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(builder, $"{name}-password", special: false));
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration($"{name}_check", _ => new RedisHealthCheck(redis), null, null));
        return builder.AddResource(redis)
            .WithEndpoint(port: port, targetPort: 6379, scheme: "redis", name: "tcp")
            .WithImage("library/redis", "8.6").WithImageRegistry("docker.io")
            .WithEnvironment(context =>
            {
                if (redis.PasswordParameter is { } current)
                {
                    context.EnvironmentVariables["REDIS_PASSWORD"] = current;
                }
            })
            .WithHealthCheck($"{name}_check");
    }

    /// <summary>Keeps the data between runs; implies snapshots unless they are set already.</summary>
    public static IResourceBuilder<RedisResource> WithDataVolume(this IResourceBuilder<RedisResource> builder, string? name = null, bool isReadOnly = false)
    {
        builder.WithVolume(name ?? VolumeNameGenerator.Generate(builder, "data"), "/data", isReadOnly);
        return isReadOnly ? builder : builder.WithPersistence();
    }

    public static IResourceBuilder<RedisResource> WithPersistence(
        this IResourceBuilder<RedisResource> builder, TimeSpan? interval = null, long keysChangedThreshold = 1)
    {
        var seconds = (interval ?? TimeSpan.FromSeconds(60)).TotalSeconds.ToString(CultureInfo.InvariantCulture);
        return builder
            .WithAnnotation(new PersistenceAnnotation(["--save", seconds, keysChangedThreshold.ToString(CultureInfo.InvariantCulture)]), ResourceAnnotationMutationBehavior.Replace)
            .WithArgs(AddPersistence);
    }

    public static IResourceBuilder<RedisResource> WithHostPort(this IResourceBuilder<RedisResource> builder, int? port) =>
        builder.WithEndpoint("tcp", endpoint => endpoint.Port = port);

    public static IResourceBuilder<RedisResource> WithPassword(
        this IResourceBuilder<RedisResource> builder, IResourceBuilder<ParameterResource> password)
    {
        builder.Resource.SetPassword(password.Resource);
        return builder;
    }

    // Called twice, the last setting counts once.
    private static void AddPersistence(CommandLineArgsCallbackContext context)
    {
        if (!context.Args.Contains("--save") && context.Resource.TryGetLastAnnotation<PersistenceAnnotation>(out var persistence))
        {
            foreach (var argument in persistence.Arguments)
            {
                context.Args.Add(argument);
            }
        }
    }

    private sealed class PersistenceAnnotation(IReadOnlyList<string> arguments) : IResourceAnnotation
    {
        public IReadOnlyList<string> Arguments { get; } = arguments;
    }
}
