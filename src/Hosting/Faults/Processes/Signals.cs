using System.Globalization;
using System.Runtime.InteropServices;

namespace Platform.Faults.Processes;

/// <summary>Signals of POSIX, on Linux.</summary>
public static partial class Signals
{
    public const int Kill = 9;
    public const int Continue = 18;
    public const int Stop = 19;

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

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

    /// <summary>Stops a process, and waits until none of its threads runs any more: the signal reaches them one after the other.</summary>
    /// <exception cref="FaultException">It does not run, is another user's, or did not stop in time.</exception>
    public static async Task StopAsync(int processId, CancellationToken cancellationToken)
    {
        Send(processId, Stop);
        for (var waited = TimeSpan.Zero; waited < StopLimit; waited += Pause)
        {
            if (Directory.GetDirectories($"/proc/{processId}/task").All(IsStopped))
            {
                return;
            }

            await Task.Delay(Pause, cancellationToken);
        }

        throw new FaultException($"Process {processId} did not stop within {StopLimit.TotalSeconds} s.");
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

    // A thread that ended meanwhile runs no more either.
    private static bool IsStopped(string thread)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(thread, "stat"));
            return stat[stat.LastIndexOf(')') + 2] is 'T' or 'Z' or 'X';
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);
}
