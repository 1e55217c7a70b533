using System.Globalization;
using Aspire.Hosting.Resolve;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Run.Twins;

internal sealed partial class PostgresTwin : NativeTwin
{
    public override string Image => "postgres";

    public override string Package => "postgresql";

    // The versioned folders first: what PATH finds may be a wrapper that starts a cluster of its own.
    public override string? Find() =>
        ExecutableSearch.FindNewest("/usr/lib/postgresql", "", "bin/postgres") ?? ExecutableSearch.Find("postgres", "/");

    public override async Task<ProcessSpec> PrepareAsync(TwinContext context, CancellationToken cancellationToken)
    {
        // The server refuses to run as root.
        var user = UserAccount.First("postgres");
        var (data, kept) = context.Data("/var/lib/postgresql", "/var/lib/postgresql/data");
        TwinContext.CreateFolder(context.Folder, user);
        if (kept)
        {
            Mounts.LetPass(Path.GetDirectoryName(data)!, user);
            TwinContext.CreateFolder(data, user);
        }

        var environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["LC_ALL"] = "C.UTF-8", ["HOME"] = context.Folder };
        if (!File.Exists(Path.Combine(data, "PG_VERSION")))
        {
            await InitializeAsync(context, data, kept, user, environment, cancellationToken).ConfigureAwait(false);
        }

        return new ProcessSpec
        {
            Executable = context.Server,
            Arguments =
            [
                "-D", data,
                "-p", context.RequiredPort(5432).ToString(CultureInfo.InvariantCulture),
                .. Settings(kept).SelectMany(setting => (string[])["-c", setting]),
                .. context.Arguments.SkipWhile(a => a is "postgres"),
            ],
            WorkingDirectory = data,
            Environment = environment,
            User = user,
            // Fast shutdown: sessions are ended, the data is consistent. Also when the AppHost dies, or the backends would outlive the postmaster.
            StopSignal = "INT",
            DeathSignal = "INT",
        };
    }

    private static IEnumerable<string> Settings(bool kept)
    {
        yield return "listen_addresses=localhost";
        yield return "unix_socket_directories=";
        yield return "shared_buffers=64MB";
        yield return "max_connections=200";
        // In the data folder instead of /dev/shm, where a killed server would leave it behind.
        yield return "dynamic_shared_memory_type=mmap";
        if (!kept)
        {
            yield return "fsync=off";
            yield return "full_page_writes=off";
            yield return "synchronous_commit=off";
        }
    }

    private static async Task InitializeAsync(
        TwinContext context, string data, bool kept, UserAccount? user, Dictionary<string, string> environment, CancellationToken cancellationToken)
    {
        var passwordFile = Path.Combine(context.Folder, "password");
        TwinContext.WriteSecretFile(passwordFile, context.Environment.GetValueOrDefault("POSTGRES_PASSWORD", ""), user);
        var lines = new List<string>();
        var exitCode = await Tool.RunAsync(
            new ProcessSpec
            {
                Executable = Path.Combine(Path.GetDirectoryName(context.Server)!, "initdb"),
                Arguments =
                [
                    "-D", data, "-U", context.Environment.GetValueOrDefault("POSTGRES_USER", "postgres"), "-A", "scram-sha-256", "--pwfile", passwordFile,
                    "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions", .. kept ? [] : (string[])["--no-sync"],
                ],
                WorkingDirectory = context.Folder,
                Environment = environment,
                User = user,
            },
            context.RunFolder, lines.Add, cancellationToken).ConfigureAwait(false);
        File.Delete(passwordFile);
        if (exitCode != 0)
        {
            throw new DistributedApplicationException($"initdb failed for '{context.Name}' with exit code {exitCode}: {string.Join(' ', lines.TakeLast(5))}");
        }

        Log.Initialized(context.Logger, data);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Initialized a new database cluster in {Folder}.")]
        public static partial void Initialized(ILogger logger, string folder);
    }
}
