namespace Platform.ServerProcesses;

internal static class Programs
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Finds a program in PATH and where Debian installs servers.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Append("/usr/sbin")
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(IsProgram);

    /// <summary>Finds a program in versioned folders, newest version first: <c>/usr/lib/postgresql/15/bin/postgres</c>.</summary>
    public static string? FindNewest(string root, string prefix, string relative)
    {
        return !Directory.Exists(root)
            ? null
            : Directory
                .EnumerateDirectories(root, prefix + "*")
                .OrderByDescending(VersionOf)
                .Select(folder => Path.Combine(folder, relative))
                .FirstOrDefault(IsProgram);

        Version VersionOf(string folder)
        {
            var version = Path.GetFileName(folder)[prefix.Length..];
            return Version.TryParse(version.Contains('.', StringComparison.Ordinal) ? version : version + ".0", out var parsed)
                ? parsed
                : new Version(0, 0);
        }
    }

    // A link to a program that was uninstalled exists, and has no mode.
    private static bool IsProgram(string path)
    {
        try
        {
            return File.Exists(path) && (File.GetUnixFileMode(path) & Executable) != 0;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }
}
