using Aspire.Hosting.Resolve;
using Aspire.Hosting.Run.Twins;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Run;

/// <summary>Installs a missing server where it may: as root on Debian and Ubuntu, unless <c>Platform:InstallServers=false</c>.</summary>
internal sealed partial class ServerInstaller(IConfiguration configuration, ILogger<ServerInstaller> logger)
{
    // The one lock is for AppHosts that start at the same time. policy-rc.d keeps the package from starting a daemon of its own; a policy that
    // was there comes back, however the script ends. It is not ended with the AppHost: a half configured package is worse than a late one.
    private const string Script = """
        trap '' PIPE
        exec 9</var/lib/dpkg
        flock -w 300 9 || { echo 'another installation holds the lock'; exit 75; }
        policy=/usr/sbin/policy-rc.d
        saved=
        if [ -e $policy ]; then saved=$policy.apphost; mv $policy $saved; fi
        restore() { rm -f $policy; if [ -n "$saved" ]; then mv $saved $policy; fi; }
        trap restore EXIT
        trap 'exit 143' TERM INT HUP
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
        export DEBIAN_FRONTEND=noninteractive
        install() { timeout -k 10 300 apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$1"; }
        if ! apt-cache policy "$1" | grep -q 'Candidate: [^(]'; then timeout -k 10 300 apt-get update; fi
        install "$1" || { timeout -k 10 300 apt-get update && install "$1"; }
        """;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(5);

    public async Task<string> EnsureAsync(NativeTwin twin, string resource, ILogger resourceLogger, CancellationToken cancellationToken)
    {
        if (twin.Find() is { } server)
        {
            return server;
        }

        var command = $"apt-get install -y --no-install-recommends {twin.Package}";
        if (configuration["Platform:InstallServers"] is "false" or "False" || !Native.IsRoot || !File.Exists("/usr/bin/apt-get"))
        {
            throw new DistributedApplicationException($"'{resource}' needs the server of the package {twin.Package}, which is not installed. Install it: sudo {command}");
        }

        Log.Installing(logger, twin.Package, resource, command);
        Log.Installing(resourceLogger, twin.Package, resource, command);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeLimit);
        var spec = new ProcessSpec
        {
            Executable = "/bin/sh",
            Arguments = ["-c", Script, "sh", twin.Package],
            WorkingDirectory = "/",
            Environment = new Dictionary<string, string> { ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin", ["LC_ALL"] = "C.UTF-8", ["HOME"] = "/root" },
            DeathSignal = "CONT",
        };

        int exitCode;
        try
        {
            exitCode = await Tool.RunAsync(spec, "", line => Report(line, resourceLogger), limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DistributedApplicationException($"Installing {twin.Package} for '{resource}' took longer than {TimeLimit.TotalMinutes:0} minutes. Install it: sudo {command}");
        }

        return exitCode == 0 && twin.Find() is { } installed
            ? installed
            : throw new DistributedApplicationException($"Installing {twin.Package} for '{resource}' failed with exit code {exitCode}; its log says why. Install it: sudo {command}");
    }

    private void Report(string line, ILogger resourceLogger)
    {
        Log.Progress(resourceLogger, line);
        if (line.StartsWith("Get:", StringComparison.Ordinal) || line.StartsWith("Setting up", StringComparison.Ordinal) || line.StartsWith("E:", StringComparison.Ordinal))
        {
            Log.Progress(logger, line);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Installing {Package}, because '{Resource}' needs it and it is missing: {Command} (Platform:InstallServers=false switches this off)")]
        public static partial void Installing(ILogger logger, string package, string resource, string command);

        [LoggerMessage(LogLevel.Information, "{Line}")]
        public static partial void Progress(ILogger logger, string line);
    }
}
