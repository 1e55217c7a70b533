using System.Globalization;

namespace Platform.ServerProcesses;

/// <summary>The local user a server runs as: PostgreSQL refuses to run as root, and the others need not.</summary>
internal sealed record UserAccount(string Name, uint UserId, uint GroupId)
{
    public string[] SetPrivArguments => [$"--reuid={UserId}", $"--regid={GroupId}", "--clear-groups"];

    /// <summary>The first existing account, otherwise nobody; null when we are not root and cannot switch users.</summary>
    public static UserAccount? First(IEnumerable<string> names)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        // postgres:x:104:108:PostgreSQL administrator:/var/lib/postgresql:/bin/bash
        var accounts = File.ReadLines("/etc/passwd")
            .Select(line => line.Split(':'))
            .Where(fields => fields.Length > 3)
            .ToLookup(fields => fields[0]);
        return names
            .SelectMany(name => accounts[name])
            .Select(fields => new UserAccount(
                fields[0],
                uint.Parse(fields[2], CultureInfo.InvariantCulture),
                uint.Parse(fields[3], CultureInfo.InvariantCulture)
            ))
            .FirstOrDefault(new UserAccount("nobody", 65534, 65534));
    }
}
