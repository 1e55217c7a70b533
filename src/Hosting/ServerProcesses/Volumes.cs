using System.Diagnostics;
using Aspire.Hosting.ApplicationModel;

namespace Platform.ServerProcesses;

/// <summary>Where data is that outlives a run.</summary>
internal static class Volumes
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Passage = OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>
    /// Volumes are folders of this user, the same in each run; those of root, whose home is closed to the servers' own users, are with the
    /// system's data.
    /// </summary>
    public static string Root { get; } =
        Environment.IsPrivilegedProcess
            ? "/var/lib/server-processes"
            : Path.Combine(
                Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } data
                    ? data
                    : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share"),
                "server-processes"
            );

    /// <summary>A bind mount is the folder or file itself, or what a link there leads to.</summary>
    public static string PathOf(ContainerMountAnnotation mount) =>
        mount.Type == ContainerMountType.BindMount
            ? Resolve(Path.TrimEndingDirectorySeparator(mount.Source!))
            : Path.Combine(Root, mount.Source ?? throw new ServerUnavailableException($"The volume at '{mount.Target}' needs a name."));

    private static string Resolve(string path) =>
        Directory.Exists(path) ? Directory.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path;

    /// <summary>
    /// Makes a folder closed to other users, and what is missing above it so that they pass. What is there stays as it is.
    /// </summary>
    public static void Create(string folder)
    {
        MakePassage(Path.GetDirectoryName(folder)!);
        Directory.CreateDirectory(folder, OwnerOnly);

        static void MakePassage(string above)
        {
            if (!Directory.Exists(above))
            {
                MakePassage(Path.GetDirectoryName(above)!);
                Directory.CreateDirectory(above, OwnerOnly);

                // Whatever the AppHost's own umask says.
                File.SetUnixFileMode(above, Passage);
            }
        }
    }

    /// <exception cref="ServerUnavailableException">The user does not get there; the message names the folder that is closed.</exception>
    public static async Task RequirePassageAsync(string path, UserAccount user, CancellationToken cancellationToken)
    {
        var above = new Stack<string>();
        for (var folder = Path.GetDirectoryName(path); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            above.Push(folder);
        }

        // Asked as that user, because the mode alone does not tell: there are groups and access control lists.
        using var ask = Process.Start(
            new ProcessStartInfo(
                "setpriv",
                [
                    .. user.SetPrivArguments,
                    "--",
                    "/bin/sh",
                    "-c",
                    "for folder; do [ -x \"$folder\" ] || { printf %s \"$folder\"; exit; }; done",
                    "sh",
                    .. above,
                ]
            )
            {
                RedirectStandardOutput = true,
            }
        )!;
        var closed = await ask.StandardOutput.ReadToEndAsync(cancellationToken);
        await ask.WaitForExitAsync(cancellationToken);
        if (closed.Length > 0)
        {
            throw new ServerUnavailableException(
                $"The server runs as the user {user.Name}, to whom {closed} on the way to {path} is closed. Open it to pass "
                    + $"(chmod o+x {ServerPlan.Quote(closed)}), or use another (for the temporary folder: TMPDIR)."
            );
        }

        if (ask.ExitCode != 0)
        {
            throw new ServerUnavailableException($"setpriv cannot change to the user {user.Name}: exit code {ask.ExitCode}.");
        }
    }
}
