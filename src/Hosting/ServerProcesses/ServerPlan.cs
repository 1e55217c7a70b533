using System.Text;

namespace Platform.ServerProcesses;

/// <summary>Files to write before a server starts, and the script that starts it.</summary>
/// <param name="Folders">Private folders of the server's user.</param>
/// <param name="Files">By path; readable by the server's user only.</param>
/// <param name="Script">
/// POSIX shell, run as the AppHost's user. <c>server</c> in front of a command runs it as the server's user in a clean environment, and
/// <c>companion</c> in front of one runs it beside the server for as long as that lives.
/// </param>
internal sealed record ServerPlan(IReadOnlyList<string> Folders, IReadOnlyDictionary<string, string> Files, string Script)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Environment of every server; the AppHost's is not inherited.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Parts of the model that the server ignores.</summary>
    public IReadOnlyList<string> IgnoredArguments { get; init; } = [];

    /// <summary>Returns a copy with more files and their folders.</summary>
    public ServerPlan With(IEnumerable<KeyValuePair<string, string>> files, string folder)
    {
        var added = files.ToList();
        return this with
        {
            Folders = [.. Folders, .. added.SelectMany(file => Above(file.Key)).Distinct().Order(StringComparer.Ordinal)],
            Files = Files.Concat(added).ToDictionary(),
        };

        IEnumerable<string> Above(string path)
        {
            for (var above = Path.GetDirectoryName(path)!; above.Length > folder.Length; above = Path.GetDirectoryName(above)!)
            {
                yield return above;
            }
        }
    }

    public void Write(UserAccount? user, string scriptPath)
    {
        foreach (var folder in Folders)
        {
            Volumes.Create(folder);
        }

        foreach (var (path, content) in Files)
        {
            WriteClosed(path, content);
        }

        WriteClosed(scriptPath, Compose(user));
    }

    internal string Compose(UserAccount? user)
    {
        var asUser = user is null ? "setpriv" : $"setpriv {string.Join(' ', user.SetPrivArguments)}";
        var own = user is null ? "" : $"chown -h {user.UserId}:{user.GroupId} {string.Join(' ', Folders.Concat(Files.Keys).Select(Quote))}";
        var environment = string.Join(' ', Environment.Select(variable => Quote($"{variable.Key}={variable.Value}")));
        return $$"""
                #!/bin/sh
                set -eu
                umask 077
                {{own}}
                server() { env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 {{environment}} {{asUser}} -- "$@"; }
                become_server() { exec env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 {{environment}} {{asUser}} -- "$@"; }
                companion() { env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 {{environment}} {{asUser}} --pdeathsig KILL -- "$@" & }

                """ + Script;
    }

    public static string Quote(string value) => $"'{value.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static void WriteClosed(string path, string content)
    {
        File.Delete(path);
        using var file = new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = OwnerOnly,
            }
        );
        file.Write(Encoding.UTF8.GetBytes(content));
    }
}
