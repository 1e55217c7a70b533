using System.Diagnostics;
using Aspire.Hosting.Resolve;

namespace Aspire.Hosting.Run;

/// <summary>A started process with its helpers and its two pumps.</summary>
internal sealed class RunningProcess
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(1);

    private readonly ProcessSpec _spec;
    private readonly Process _process;
    private readonly IReadOnlyList<RunningProcess> _companions;
    private readonly Task _pumps;

    private RunningProcess(ProcessSpec spec, Process process, IReadOnlyList<RunningProcess> companions, Action<string, bool> writeLine)
    {
        (_spec, _process, _companions) = (spec, process, companions);
        process.StandardInput.Dispose();
        _pumps = Task.WhenAll(
            LogPump.RunAsync(process.StandardOutput, line => writeLine(line, false)),
            LogPump.RunAsync(process.StandardError, line => writeLine(line, true)));
        Exited = WaitAsync();
    }

    public int Id => _process.Id;

    /// <summary>The exit code, once the process is gone and what it wrote is read.</summary>
    public Task<int> Exited { get; }

    public static async Task<RunningProcess> StartAsync(ProcessSpec spec, string runFolder, Action<string, bool> writeLine)
    {
        var companions = new List<RunningProcess>();
        foreach (var companion in spec.Companions)
        {
            companions.Add(await StartAsync(companion, runFolder, writeLine).ConfigureAwait(false));
        }

        return new RunningProcess(spec, await Spawner.StartAsync(spec, runFolder).ConfigureAwait(false), companions, writeLine);
    }

    /// <summary>Asks first, and after the time limit ends the whole tree.</summary>
    public async Task StopAsync()
    {
        Native.Signal(Id, Native.SignalNumber(_spec.StopSignal));

        // A frozen process cannot obey.
        Native.Signal(Id, Native.SigCont);
        try
        {
            await Exited.WaitAsync(_spec.StopTimeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            foreach (var process in ProcessTree.Of(Id))
            {
                Native.Signal(process, Native.SigKill);
            }

            await Exited.ConfigureAwait(false);
        }
    }

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync().ConfigureAwait(false);

        // What it left behind in its process group goes with it; a grandchild may hold the pipes open, so the rest of the output has a limit.
        Native.Signal(-Id, Native.SigKill);
        await Task.WhenAny(_pumps, Task.Delay(DrainTime)).ConfigureAwait(false);
        foreach (var companion in _companions)
        {
            Native.Signal(companion.Id, Native.SigKill);
            await companion.Exited.ConfigureAwait(false);
        }

        return _process.ExitCode;
    }
}

internal static class ProcessTree
{
    /// <summary>The process and everything below it, children first.</summary>
    public static IReadOnlyList<int> Of(int root)
    {
        var children = new Dictionary<int, List<int>>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && ParentOf(folder) is { } parent)
            {
                (children.TryGetValue(parent, out var list) ? list : children[parent] = []).Add(id);
            }
        }

        var found = new List<int>();
        Add(root);
        return found;

        void Add(int id)
        {
            foreach (var child in children.GetValueOrDefault(id) ?? [])
            {
                Add(child);
            }

            found.Add(id);
        }
    }

    // 1234 (name, may hold spaces and brackets) S 1 ...
    private static int? ParentOf(string folder)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(folder, "stat"));
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], null);
        }
        catch (IOException)
        {
            // Ended between listing and reading.
            return null;
        }
    }
}
