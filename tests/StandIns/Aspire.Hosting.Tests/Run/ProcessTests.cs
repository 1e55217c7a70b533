using System.Collections.Concurrent;
using Aspire.Hosting.Resolve;
using Aspire.Hosting.Run;
using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Run;

public sealed class ProcessTests
{
    private const int SigStop = 19;

    private readonly ConcurrentQueue<string> _lines = [];
    private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Stop_ProcessThatObeys_IsAskedFirst()
    {
        var process = await StartAsync("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done", TimeSpan.FromSeconds(15));

        await process.StopAsync().WaitAsync(Limit.Token);

        Assert.Equal(7, await process.Exited);
        Assert.Contains("bye", _lines);
    }

    [Fact]
    public async Task Stop_ProcessThatIgnoresTheSignal_IsKilledAfterTheLimit()
    {
        var process = await StartAsync("trap '' TERM; echo ready; exec sleep 300", TimeSpan.FromMilliseconds(200));

        await process.StopAsync().WaitAsync(Limit.Token);

        Assert.Equal(128 + 9, await process.Exited);
    }

    [Fact]
    public async Task Stop_FrozenProcess_IsThawedToObey()
    {
        var process = await StartAsync("echo ready; exec sleep 300", TimeSpan.FromSeconds(15));
        Native.Signal(process.Id, SigStop);

        await process.StopAsync().WaitAsync(Limit.Token);

        Assert.Equal(128 + 15, await process.Exited);
    }

    [Fact]
    public async Task Exit_ChildLeftBehind_GoesWithIt()
    {
        var process = await StartAsync("sleep 300 & echo $!", TimeSpan.FromSeconds(15));
        var child = int.Parse(await _first.Task.WaitAsync(Limit.Token), null);

        await process.Exited.WaitAsync(Limit.Token);

        await Limit.EventuallyAsync(() => !Processes.IsAlive(child), "the child is gone");
    }

    [Fact]
    public async Task Start_Environment_IsExactlyTheGivenOne()
    {
        var process = await StartAsync("env", TimeSpan.FromSeconds(15));
        await process.Exited.WaitAsync(Limit.Token);

        var names = _lines.Select(l => l.Split('=')[0]).Except(["PWD", "SHLVL", "_", "OLDPWD"]);

        Assert.Equal(["APPHOST_RUN_FOLDER", "PATH"], names.Order(StringComparer.Ordinal));
    }

    private async Task<RunningProcess> StartAsync(string script, TimeSpan stopTimeout)
    {
        var spec = new ProcessSpec
        {
            Executable = "/bin/sh",
            Arguments = ["-c", script],
            WorkingDirectory = "/",
            Environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" },
            StopTimeout = stopTimeout,
        };
        var process = await RunningProcess.StartAsync(spec, "/none", (line, _) =>
        {
            _lines.Enqueue(line);
            _first.TrySetResult(line);
        });

        // The shell has set its trap when it has written its first line.
        await _first.Task.WaitAsync(Limit.Token);
        return process;
    }
}
