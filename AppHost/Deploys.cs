using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Platform.Faults;

namespace Platform.AppHost;

/// <summary>
/// The release of each instance: a file that services read at startup, like <c>{"orders/nkshygzk": "2026.11.21-9f4a21c"}</c>. A deploy
/// changes it and restarts the instance, so that every signal carries the new release.
/// </summary>
internal sealed class DeployRecord(string path)
{
    /// <summary>Replicas that are deployed together get the same release.</summary>
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();

    // Bounded by the number of services.
    private readonly Dictionary<string, (string Release, HashSet<string> Instances, DateTimeOffset At)> _last = [];

    private readonly JsonFile _file = new(path);

    public string Path => path;

    /// <summary>Null for the built one.</summary>
    public string? ReleaseOf(string service, string instance) => _file[$"{service}/{instance}"];

    /// <summary>Assigns the instance a new release name.</summary>
    /// <returns>The release, named like date and short commit; no commit is behind it.</returns>
    public string Deploy(string service, string instance)
    {
        lock (_gate)
        {
            var now = TimeProvider.System.GetUtcNow();
            if (!_last.TryGetValue(service, out var last) || now - last.At > Together || last.Instances.Contains(instance))
            {
                last = ($"{now:yyyy.MM.dd}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))[..7]}", [], now);
                _last[service] = last;
            }

            last.Instances.Add(instance);
            _file.Set($"{service}/{instance}", last.Release);
            return last.Release;
        }
    }
}

internal static class Deploys
{
    // One per model, collected with it.
    private static readonly ConditionalWeakTable<IDistributedApplicationBuilder, DeployRecord> Records = [];

    /// <summary>Passes the record to the service and adds the deploy command.</summary>
    public static IResourceBuilder<ProjectResource> WithDeploys(this IResourceBuilder<ProjectResource> service)
    {
        var record = Records.GetValue(service.ApplicationBuilder, CreateRecord);
        return service
            .WithEnvironment("Deploy__Record", record.Path)
            .WithCommand(
                "deploy",
                "Deploy",
                async context =>
                {
                    // Only the instance the command was run on, not its replicas.
                    var instance = context
                        .Services.GetRequiredService<InstanceDirectory>()
                        .Of(service.Resource.Name)
                        .SingleOrDefault(instance => instance.ResourceId == context.ResourceName);
                    if (instance is null)
                    {
                        return CommandResults.Failure($"{context.ResourceName} does not run.");
                    }

                    var release = record.Deploy(service.Resource.Name, instance.InstanceId);
                    var restarted = await context
                        .Services.GetRequiredService<ResourceCommandService>()
                        .ExecuteCommandAsync(context.ResourceName, KnownResourceCommands.RestartCommand, context.CancellationToken);
                    return restarted.Success ? CommandResults.Success(release) : restarted;
                },
                new CommandOptions { Description = "Gives the service a new release name and restarts it.", IconName = "ArrowUpload" }
            );
    }

    private static DeployRecord CreateRecord(IDistributedApplicationBuilder builder)
    {
        var record = new DeployRecord(
            builder.ExecutionContext.IsPublishMode ? "" : Path.Combine(builder.RunFolder().Create("deploys"), "record.json")
        );
        builder.Services.AddSingleton(record);
        return record;
    }
}
