using System.Globalization;

namespace Platform.ServerProcesses;

/// <summary>Finds who listens on a port, from /proc on Linux; unknown elsewhere.</summary>
public static class PortOwner
{
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>Null when the port is free, otherwise its owner ("redis-server (pid 123)") as far as we may see it.</summary>
    public static string? Of(int port)
    {
        var inodes = Tables.SelectMany(table => Inodes(table, port)).ToHashSet();
        return inodes.Count == 0 ? null : FindProcess(inodes) ?? "a process of another user";
    }

    //   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
    //    0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 24871 1 ...
    private static IEnumerable<string> Inodes(string table, int port)
    {
        const string Listening = "0A";
        var suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        return !File.Exists(table)
            ? []
            : from line in File.ReadLines(table).Skip(1)
            let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            where fields.Length > 9 && fields[3] == Listening && fields[1].EndsWith(suffix, StringComparison.Ordinal)
            select $"socket:[{fields[9]}]";
    }

    private static string? FindProcess(HashSet<string> sockets)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            try
            {
                if (
                    new DirectoryInfo(Path.Combine(folder, "fd"))
                        .EnumerateFiles()
                        .Any(file => file.LinkTarget is { } target && sockets.Contains(target))
                )
                {
                    return $"{File.ReadAllText(Path.Combine(folder, "comm")).Trim()} (pid {Path.GetFileName(folder)})";
                }
            }
            catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
            {
                // Another user's process, or one that just ended: not named.
            }
        }

        return null;
    }
}
