using System.Collections.Concurrent;
using System.Diagnostics;
using Aspire.Hosting.Resolve;

namespace Aspire.Hosting.Run;

/// <summary>
/// Starts every child on one thread that lives as long as the AppHost: the kernel sends a child its death signal when the thread that
/// started it ends, and pool threads end.
/// </summary>
internal static class Spawner
{
    // Bounded by the number of resources that start at the same time.
    private static readonly BlockingCollection<Action> Work = [];

    static Spawner() => new Thread(() =>
    {
        foreach (var start in Work.GetConsumingEnumerable())
        {
            start();
        }
    })
    { IsBackground = true, Name = "process spawner" }.Start();

    public static Task<Process> StartAsync(ProcessSpec spec, string runFolder)
    {
        var completion = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                completion.SetResult(Process.Start(StartInfo(spec, runFolder))!);
            }
#pragma warning disable CA1031 // Whatever fails here belongs to the caller; the thread must go on for the others.
            catch (Exception e)
#pragma warning restore CA1031
            {
                completion.SetException(e);
            }
        });
        return completion.Task;
    }

    // setsid and setpriv replace themselves, so the process id stays that of the program. Its own session keeps Ctrl+C in the terminal away from it.
    private static ProcessStartInfo StartInfo(ProcessSpec spec, string runFolder)
    {
        var info = new ProcessStartInfo("setsid")
        {
            WorkingDirectory = spec.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
            StandardErrorEncoding = System.Text.Encoding.UTF8,
        };
        string[] user = spec.User is { } account ? [$"--reuid={account.UserId}", $"--regid={account.GroupId}", "--clear-groups"] : [];
        foreach (var argument in (string[])["setpriv", .. user, "--pdeathsig", spec.DeathSignal, "--", spec.Executable, .. spec.Arguments])
        {
            info.ArgumentList.Add(argument);
        }

        info.Environment.Clear();
        foreach (var (key, value) in spec.Environment)
        {
            info.Environment[key] = value;
        }

        info.Environment[RunFolder.Variable] = runFolder;
        return info;
    }
}
