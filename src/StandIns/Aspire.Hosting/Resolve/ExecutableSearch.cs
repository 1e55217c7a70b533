using System.Runtime.InteropServices;

namespace Aspire.Hosting.Resolve;

internal static class ExecutableSearch
{
    /// <summary>A bare name is looked up in PATH, anything with a slash relative to the working folder.</summary>
    public static string? Find(string command, string workingDirectory)
    {
        if (command.Contains('/', StringComparison.Ordinal))
        {
            var path = Path.GetFullPath(command, workingDirectory);
            return IsProgram(path) ? path : null;
        }

        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Append("/usr/sbin")
            .Select(folder => Path.Combine(folder, command))
            .FirstOrDefault(IsProgram);
    }

    private static bool IsProgram(string path) => File.Exists(path)
        && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    /// <summary>The file below versioned folders, newest version first: <c>/usr/lib/postgresql/*/bin/postgres</c>.</summary>
    public static string? FindNewest(string root, string prefix, string relative)
    {
        if (!Directory.Exists(root))
        {
            return null;
        }

        return Directory.EnumerateDirectories(root, prefix + "*")
            .OrderByDescending(folder => Version.TryParse(Normalize(Path.GetFileName(folder)[prefix.Length..]), out var version) ? version : new Version(0, 0))
            .Select(folder => Path.Combine(folder, relative))
            .FirstOrDefault(File.Exists);

        static string Normalize(string version) => version.Contains('.', StringComparison.Ordinal) ? version : version + ".0";
    }
}

internal static class DotnetHost
{
    /// <summary>The dotnet of the runtime that runs the AppHost: &lt;root&gt;/shared/Microsoft.NETCore.App/&lt;version&gt;/ is below it.</summary>
    public static string Path { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));
}
