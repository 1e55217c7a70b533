using System.Runtime.InteropServices;

namespace Aspire.Hosting.Run;

internal static partial class Native
{
    public const int SigInt = 2;
    public const int SigKill = 9;
    public const int SigTerm = 15;
    public const int SigCont = 18;

    public static bool IsRoot => geteuid() == 0;

    /// <summary>False when there is no such process any more. A negative id means the process group.</summary>
    public static bool Signal(int processId, int signal) => kill(processId, signal) == 0;

    public static int SignalNumber(string name) => name switch
    {
        "INT" => SigInt,
        "TERM" => SigTerm,
        _ => SigKill,
    };

    public static void ChangeOwner(string path, UserAccount user)
    {
        if (lchown(path, user.UserId, user.GroupId) != 0)
        {
            throw new IOException($"'{path}' cannot be given to user '{user.Name}': {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint owner, uint group);
}

internal sealed record UserAccount(string Name, uint UserId, uint GroupId)
{
    /// <summary>The first of the accounts that exists, when we are root and may change to it; null otherwise.</summary>
    public static UserAccount? First(params ReadOnlySpan<string> names)
    {
        if (!Native.IsRoot)
        {
            return null;
        }

        // postgres:x:104:108:PostgreSQL administrator:/var/lib/postgresql:/bin/bash
        var accounts = File.ReadLines("/etc/passwd").Select(l => l.Split(':')).Where(f => f.Length > 3).DistinctBy(f => f[0]).ToDictionary(f => f[0]);
        foreach (var name in names)
        {
            if (accounts.TryGetValue(name, out var fields))
            {
                return new UserAccount(name, uint.Parse(fields[2], null), uint.Parse(fields[3], null));
            }
        }

        return new UserAccount("nobody", 65534, 65534);
    }
}
