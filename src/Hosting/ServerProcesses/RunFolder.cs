using System.Diagnostics;

namespace Platform.ServerProcesses;

/// <summary>
/// The one temporary folder of a run. It disappears with the run, also when the AppHost is killed: a small process of its own session waits
/// for the end of a pipe, ends what survived the orchestrator, and removes the folder. (On Linux; elsewhere it is removed when the AppHost
/// stops.)
/// </summary>
public sealed class RunFolder : IDisposable
{
    // What works in the folder belongs to the run: it gets some seconds to end by itself, is woken if it is frozen, and is killed then. Who
    // still writes there while it is removed may bring it back once more, so it is looked at until it has stayed away.
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

        // Servers that run as their own users pass through to their folders, and see nothing on the way.
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

    /// <summary>Makes a folder that only this user sees, for what a resource must remember over its own restarts.</summary>
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
                // Somebody still has a file of it open: it stays until the system cleans its temporary files.
            }

            return;
        }

        _reaper.StandardInput.Dispose();
        _reaper.Dispose();
    }
}
