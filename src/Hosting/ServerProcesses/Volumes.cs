using System.Diagnostics;
using Aspire.Hosting.ApplicationModel;

namespace Platform.ServerProcesses;

/// <summary>Location of data that outlives a run.</summary>
internal static class Volumes
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Passage = OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>
    /// Volumes are folders in this user's home. Root's are in the system's data folder, because servers' users cannot enter its home.
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

    /// <summary>A bind mount is the folder or file itself, with links resolved.</summary>
    public static string PathOf(ContainerMountAnnotation mount) =>
        mount.Type == ContainerMountType.BindMount
            ? Resolve(Path.TrimEndingDirectorySeparator(mount.Source!))
            : Path.Combine(Root, mount.Source ?? throw new ServerUnavailableException($"The volume at '{mount.Target}' needs a name."));

    private static string Resolve(string path) =>
        Directory.Exists(path) ? Directory.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path;

    /// <summary>Creates a private folder, and missing parents that other users may traverse. Existing folders are unchanged.</summary>
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

                // Regardless of the AppHost's umask.
                File.SetUnixFileMode(above, Passage);
            }
        }
    }

    /// <exception cref="ServerUnavailableException">The user cannot reach it; the message names the folder that blocks.</exception>
    public static async Task RequirePassageAsync(string path, UserAccount user, CancellationToken cancellationToken)
    {
        var above = new Stack<string>();
        for (var folder = Path.GetDirectoryName(path); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            above.Push(folder);
        }

        // Tested as that user, because the mode does not tell about groups and ACLs.
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
