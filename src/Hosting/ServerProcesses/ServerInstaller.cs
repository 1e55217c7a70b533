using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Platform.ServerProcesses;

/// <summary>Installs a missing server if allowed: as root on Debian and Ubuntu, unless <c>Servers:Install=false</c>.</summary>
internal sealed class ServerInstaller(IConfiguration configuration, ILogger logger)
{
    /// <summary>Written by the script once no other AppHost is installing.</summary>
    private const string Begin = "Installing ";

    /// <summary>Limit of one installation. The script is not killed: its own steps have limits.</summary>
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(5);

    /// <summary>Wait for another AppHost to finish; the script itself gives up after 300 s.</summary>
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(310);

    // Servers start concurrently and install one at a time; the limit is for each.
    private static readonly SemaphoreSlim Turn = new(1, 1);

    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "install-server.sh");

    public static bool IsPossible => Environment.IsPrivilegedProcess && File.Exists("/usr/bin/apt-get");

    /// <summary>The server's program.</summary>
    /// <exception cref="ServerUnavailableException">It is missing and could not or must not be installed.</exception>
    public async Task<string> EnsureAsync(KnownServer server, string resource, ILogger resourceLogger, CancellationToken cancellationToken)
    {
        if (server.Find() is { } program)
        {
            return program;
        }

        var byHand = $"sudo sh {ServerPlan.Quote(Script)} {server.Package}";
        if (configuration["Servers:Install"] is "false" or "False" || !IsPossible)
        {
            throw new ServerUnavailableException(
                $"'{resource}' needs the server of the package {server.Package}, which is not installed. Install it: {byHand}"
            );
        }

        await Turn.WaitAsync(cancellationToken);
        try
        {
            // Another resource may have installed it.
            return server.Find() ?? await InstallAsync(server, resource, byHand, resourceLogger, cancellationToken);
        }
        finally
        {
            Turn.Release();
        }
    }

    private async Task<string> InstallAsync(
        KnownServer server,
        string resource,
        string byHand,
        ILogger resourceLogger,
        CancellationToken cancellationToken
    )
    {
        logger.LogInstalling(server.Package, resource, byHand);
        resourceLogger.LogInstalling(server.Package, resource, byHand);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LockLimit);

        // Runs in its own session so that Ctrl+C in the terminal does not reach it.
        using var installation = Process.Start(
            new ProcessStartInfo("setsid", ["/bin/sh", Script, server.Package]) { RedirectStandardOutput = true }
        )!;
        try
        {
            while (await installation.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                if (line.StartsWith(Begin, StringComparison.Ordinal))
                {
                    limit.CancelAfter(TimeLimit);
                }

                Report(line, resourceLogger);
            }

            await installation.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ServerUnavailableException(
                $"Installing {server.Package} for '{resource}' took longer than {TimeLimit.TotalMinutes:0} minutes. "
                    + $"Install it: {byHand}"
            );
        }

        return installation.ExitCode == 0 && server.Find() is { } installed
            ? installed
            : throw new ServerUnavailableException(
                $"Installing {server.Package} for '{resource}' failed with exit code {installation.ExitCode}; its log says why. "
                    + $"Install it: {byHand}"
            );
    }

    private void Report(string line, ILogger resourceLogger)
    {
        resourceLogger.LogProgress(line);
        if (line.StartsWith("Setting up", StringComparison.Ordinal) || line.StartsWith("E:", StringComparison.Ordinal))
        {
            logger.LogProgress(line);
        }
    }
}
