using System.Globalization;
using System.Runtime.InteropServices;

namespace Platform.Faults.Processes;

/// <summary>Signals of POSIX, on Linux.</summary>
public static partial class Signals
{
    public const int Kill = 9;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <exception cref="FaultException">It does not run, or is another user's.</exception>
    public static void Send(int processId, int signal)
    {
        if (SendSignal(processId, signal) != 0)
        {
            throw new FaultException(
                $"Process {processId} cannot be signalled: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}."
            );
        }
    }

    /// <summary>Clock ticks from boot to its start (proc(5), stat, field 22); null when there is no such process.</summary>
    public static long? StartTicksOf(int processId)
    {
        try
        {
            // The second field is the name in parentheses, which may hold spaces.
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            return long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19], CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or IOException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);
}
