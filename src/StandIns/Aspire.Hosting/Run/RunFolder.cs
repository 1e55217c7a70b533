using System.Diagnostics;

namespace Aspire.Hosting.Run;

/// <summary>
/// The one temporary folder of a run. It disappears with the run, also when the AppHost is killed: a small process of its own session waits
/// for the end of a pipe, ends what survived the kernel's death signal, and removes the folder.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    /// <summary>Marks every process of this run in its environment.</summary>
    public const string Variable = "APPHOST_RUN_FOLDER";

    private const string Reaper = """
        exec >/dev/null 2>&1
        cd /
        folder=$1
        cat
        left() {
          { grep -lasF "$2=$folder" /proc/[0-9]*/environ; find /proc/[0-9]*/cwd -maxdepth 0 '(' -lname "$folder" -o -lname "$folder/*" ')'; } | cut -d/ -f3 | sort -u
        }
        n=0
        while [ -e "$folder" ] && [ $n -lt 40 ]; do
          pids=$(left "$folder" "$2")
          if [ -z "$pids" ]; then rm -rf -- "$folder"; elif [ $n -ge 10 ]; then kill -9 $pids; elif [ $n -eq 2 ]; then kill -CONT $pids; fi
          n=$((n+1))
          sleep 0.5
        done
        """;

    private readonly Lock _lock = new();
    private string? _path;
    private Process? _reaper;
    private bool _disposed;

    public string Path
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return _path ??= Create();
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            if (_path is null)
            {
                return;
            }

            try
            {
                Directory.Delete(_path, recursive: true);
            }
            catch (IOException)
            {
                // A file was made while we deleted: the reaper repeats it.
            }

            _reaper?.StandardInput.Dispose();
            _reaper?.Dispose();
        }
    }

    private string Create()
    {
        var path = Directory.CreateTempSubdirectory("apphost-").FullName;

        // Servers that run as their own users pass through to their folders, and see nothing on the way.
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32("711", 8));
        var start = new ProcessStartInfo("setsid", ["/bin/sh", "-c", Reaper, "sh", path, Variable]) { RedirectStandardInput = true };
        _reaper = Process.Start(start);
        return path;
    }
}
