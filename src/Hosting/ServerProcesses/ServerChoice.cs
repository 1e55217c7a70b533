using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Configuration;

namespace Platform.ServerProcesses;

/// <summary>Containers or processes; or neither, and why.</summary>
/// <param name="UseContainers">The model stays unchanged.</param>
/// <param name="WhyNot">Why servers cannot run at all; null when they run as processes.</param>
internal sealed record ServerChoice(bool UseContainers, string? WhyNot)
{
    private const string Key = "Servers";

    /// <summary>A healthy engine responds within 0.1 s; one that hangs counts as absent.</summary>
    private static readonly TimeSpan EngineTimeout = TimeSpan.FromSeconds(5);

    public static async Task<ServerChoice> MakeAsync(IConfiguration configuration, CancellationToken cancellationToken) =>
        Make(
            configuration[Key],
            OperatingSystem.IsLinux(),
            configuration[Key] is null or "" or "auto" && await AnyEngineAnswersAsync(configuration, cancellationToken)
        );

    internal static ServerChoice Make(string? setting, bool isLinux, bool engineAnswers) =>
        setting switch
        {
            "container" => new(true, null),
            "process" when isLinux => new(false, null),
            "process" => new(
                false,
                $"servers run as processes on Linux and WSL2 only; use {Key}=container with Docker or Podman, "
                    + "or start the AppHost in WSL2."
            ),
            null or "" or "auto" when engineAnswers => new(true, null),
            null or "" or "auto" when isLinux => new(false, null),
            null or "" or "auto" => new(
                false,
                "no container engine answers (docker info, podman info), and servers run as processes on Linux "
                    + "and WSL2 only. Start Docker Desktop or Podman, or start the AppHost in WSL2."
            ),
            _ => new(false, $"{Key}={setting} is no way to run servers; say {Key}=auto, {Key}=container or {Key}=process."),
        };

    // The runtime that the orchestrator would use: the configured one, else docker, else podman. A client alone proves nothing, so the
    // engine is queried.
    private static async Task<bool> AnyEngineAnswersAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        string[] runtimes = (configuration["ASPIRE_CONTAINER_RUNTIME"] ?? configuration["DcpPublisher:ContainerRuntime"])
            is { Length: > 0 } told
            ? [told]
            : ["docker", "podman"];
        return (await Task.WhenAll(runtimes.Select(runtime => AnswersAsync(runtime, cancellationToken)))).Any(answers => answers);
    }

    private static async Task<bool> AnswersAsync(string runtime, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(EngineTimeout);
        try
        {
            using var info = Process.Start(
                new ProcessStartInfo(runtime, ["info"]) { RedirectStandardOutput = true, RedirectStandardError = true }
            )!;
            try
            {
                await Task.WhenAll(
                    info.StandardOutput.ReadToEndAsync(limit.Token),
                    info.StandardError.ReadToEndAsync(limit.Token),
                    info.WaitForExitAsync(limit.Token)
                );
                return info.ExitCode == 0;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                info.Kill(entireProcessTree: true);
                return false;
            }
        }
        catch (Win32Exception)
        {
            // Not installed.
            return false;
        }
    }
}
