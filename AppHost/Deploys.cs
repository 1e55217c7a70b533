using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Platform.AppHost;

/// <summary>
/// Which release each service runs: a file that services read when they start. To deploy is to change it and restart the service, so that
/// every signal carries the new release from then on.
/// </summary>
internal sealed class DeployRecord(string path)
{
    private readonly Lock _gate = new();

    public string Path => path;

    public void Set(string service, string release)
    {
        lock (_gate)
        {
            var record = File.Exists(path) ? JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(path))! : [];
            record[service] = release;

            // A service that starts at this moment reads the old file or the new one, never half of it.
            File.WriteAllBytes($"{path}.new", JsonSerializer.SerializeToUtf8Bytes(record));
            File.Move($"{path}.new", path, overwrite: true);
        }
    }
}

internal static class Deploys
{
    public static DeployRecord CreateDeployRecord(this IDistributedApplicationBuilder builder) =>
        new(Path.Combine(builder.CreateScratchDirectory("deploys"), "record.json"));

    /// <summary>The service reads the record, and has a command that deploys a release with a new name.</summary>
    public static IResourceBuilder<ProjectResource> WithDeploys(this IResourceBuilder<ProjectResource> service, DeployRecord record) => service
        .WithEnvironment("Deploy__Record", record.Path)
        .WithCommand(
            "deploy",
            "Deploy",
            async context =>
            {
                // Date and short commit, as releases are named; there is no commit behind this one.
                var release = $"{TimeProvider.System.GetUtcNow():yyyy.MM.dd}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))[..7]}";
                record.Set(service.Resource.Name, release);
                var restarted = await context.Services.GetRequiredService<ResourceCommandService>()
                    .ExecuteCommandAsync(service.Resource, KnownResourceCommands.RestartCommand, context.CancellationToken);
                return restarted.Success ? CommandResults.Success(release) : restarted;
            },
            new CommandOptions { Description = "Gives the service a new release name and restarts it.", IconName = "ArrowUpload" });
}
