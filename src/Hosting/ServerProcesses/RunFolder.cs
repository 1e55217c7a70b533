using System.Diagnostics;

namespace Platform.ServerProcesses;

/// <summary>
/// The temporary folder of a run. It is removed with the run even when the AppHost is killed: a small process in its own session waits for
/// the end of a pipe, ends what survived the orchestrator, and deletes the folder. (On Linux; elsewhere it is deleted when the AppHost
/// stops.)
/// </summary>
public sealed class RunFolder : IDisposable
{
    // Processes that work in the folder belong to the run: they get a few seconds to exit, are resumed if frozen, and are then killed. One
    // that still writes may recreate the folder, so deletion repeats until it stays away.
    private const string Reaper = """
        exec >/dev/null 2>&1
        cd /
        folder=$1
        cat
        left() { find /proc/[0-9]*/cwd -maxdepth 0 '(' -lname "$folder" -o -lname "$folder/*" ')' | cut -d/ -f3; }
        n=0 gone=0
        while [ $gone -lt 6 ] && [ $n -lt 90 ]; do
          pids=$(left)
          if [ -z "$pids" ]; then
            if [ -e "$folder" ]; then rm -rf -- "$folder"; gone=0; else gone=$((gone+1)); fi
          elif [ $n -ge 30 ]; then kill -9 $pids
          elif [ $n -eq 2 ]; then kill -CONT $pids
          fi
          n=$((n+1))
          sleep 0.5
        done
        """;

    private readonly Process? _reaper;
    private bool _isDisposed;

    public RunFolder()
    {
        Path = Directory.CreateTempSubdirectory("apphost-").FullName;

        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // Other users may traverse but not list it: servers run as their own users.
        File.SetUnixFileMode(
            Path,
            UnixFileMode.UserRead
                | UnixFileMode.UserWrite
                | UnixFileMode.UserExecute
                | UnixFileMode.GroupExecute
                | UnixFileMode.OtherExecute
        );
        _reaper = Process.Start(new ProcessStartInfo("setsid", ["/bin/sh", "-c", Reaper, "sh", Path]) { RedirectStandardInput = true })!;
    }

    public string Path { get; }

    /// <summary>Creates a private folder that survives restarts of a resource.</summary>
    public string Create(string name)
    {
        var path = System.IO.Path.Combine(Path, name);
        return OperatingSystem.IsWindows()
            ? Directory.CreateDirectory(path).FullName
            : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (_reaper is null)
        {
            try
            {
                Directory.Delete(Path, recursive: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // A file is still open: the folder stays until the system cleans its temporary files.
            }

            return;
        }

        _reaper.StandardInput.Dispose();
        _reaper.Dispose();
    }
}
