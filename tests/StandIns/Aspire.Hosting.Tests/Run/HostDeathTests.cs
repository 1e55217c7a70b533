using System.Diagnostics;
using Aspire.Hosting.Resolve;
using Aspire.Hosting.Run;
using Aspire.Hosting.Tests.Host;
using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Run;

public sealed class HostDeathTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("host-death-");

    [Fact]
    public async Task Kill_AppHost_LeavesNeitherProcessNorFolder()
    {
        using var host = Start();
        var (processes, runFolder) = await NoteAsync();

        Native.Signal(host.Id, Native.SigKill);
        await host.WaitForExitAsync(Limit.Token);

        await Limit.EventuallyAsync(() => !processes.Any(Processes.IsAlive), "the processes are gone");
        await Limit.EventuallyAsync(() => !Directory.Exists(runFolder), "the run folder is gone");
    }

    [Fact]
    public async Task Terminate_AppHost_StopsEverythingAndExitsWithZero()
    {
        using var host = Start();
        var (processes, runFolder) = await NoteAsync();

        Native.Signal(host.Id, Native.SigTerm);
        await host.WaitForExitAsync(Limit.Token);

        Assert.Equal(0, host.ExitCode);
        Assert.False(Directory.Exists(runFolder));
        await Limit.EventuallyAsync(() => !processes.Any(Processes.IsAlive), "the processes are gone");
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private Process Start()
    {
        var info = new ProcessStartInfo(DotnetHost.Path)
        {
            WorkingDirectory = AppContext.BaseDirectory,
            ArgumentList =
            {
                "exec", typeof(ConstantDefault).Assembly.Location, $"--Host:Note={Path.Combine(_folder.FullName, "note")}",
                "--DcpPublisher:RandomizePorts=true", "--Logging:LogLevel:Default=None",
            },
        };
        return Process.Start(info)!;
    }

    private async Task<(int[] Processes, string RunFolder)> NoteAsync()
    {
        var file = Path.Combine(_folder.FullName, "note");
        await Limit.EventuallyAsync(() => File.Exists(file), "the host's resource runs");
        var words = (await File.ReadAllTextAsync(file, Limit.Token)).Split(' ', StringSplitOptions.TrimEntries);
        Assert.True(Directory.Exists(words[2]));
        return ([.. words[..2].Select(w => int.Parse(w, null))], words[2]);
    }
}
