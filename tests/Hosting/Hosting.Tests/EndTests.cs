using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using Platform.ServerProcesses;

namespace Platform.Hosting.Tests;

/// <summary>However an AppHost ends, nothing stays: no process, no epmd, no folder.</summary>
public sealed class EndTests
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The orchestrator ends processes some seconds after an AppHost that was killed; what is left then is killed after 15 s.
    /// </summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(90);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("INT", true)]
    [InlineData("TERM", true)]
    [InlineData("KILL", true)]
    [InlineData("KILL", false)]
    public async Task AppHost_Ended_LeavesNothing(string signal, bool whenRunning)
    {
        SkipWithoutServers();

        // Of this test alone: other AppHosts of this machine have their folders in the common one. Servers of other users pass through.
        var temporary = Directory.CreateTempSubdirectory("end-").FullName;
        File.SetUnixFileMode(temporary, File.GetUnixFileMode(temporary) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var (apphost, ready, output) = Start(temporary);
        try
        {
            await ready.WaitAsync(StartLimit, Cancellation);
            var folder = await WaitForAsync(
                () => Directory.EnumerateDirectories(temporary, "apphost-*").SingleOrDefault(),
                folder => folder is not null,
                "the folder of the run",
                EndLimit
            );

            // Either in the middle of the start, or when the slowest server runs.
            var server = whenRunning ? "beam.smp" : "postgres";
            await WaitForAsync(
                () => Processes.Of(folder!),
                processes =>
                {
                    Assert.False(apphost.HasExited, $"The AppHost ended by itself: {string.Join('\n', output)}");
                    return processes.Any(line => line.Contains(server, StringComparison.Ordinal));
                },
                $"{server} runs",
                StartLimit
            );

            using var kill = Process.Start("kill", [$"-{signal}", apphost.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync(Cancellation);
            await apphost.WaitForExitAsync(Cancellation).WaitAsync(EndLimit, Cancellation);

            await WaitForAsync(() => Processes.Of(folder!), processes => processes.Count == 0, "no process of the run is left", EndLimit);

            // Its own folder, and that of the orchestrator.
            await WaitForAsync(
                () => Directory.EnumerateDirectories(temporary, "a*").ToList(),
                folders => folders.Count == 0,
                "no folder of the run is left",
                EndLimit
            );
        }
        finally
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', output));
            if (!apphost.HasExited)
            {
                apphost.Kill(entireProcessTree: true);
            }

            apphost.Dispose();
            Directory.Delete(temporary, recursive: true);
        }
    }

    [Fact]
    public async Task AppHost_WhoseTemporaryFolderIsClosedToServers_NamesTheFolder()
    {
        SkipWithoutServers();
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Servers run as the AppHost's own user here.");
        var temporary = Directory.CreateTempSubdirectory("end-closed-").FullName;
        var (apphost, _, output) = Start(temporary);
        try
        {
            await WaitForAsync(
                () => output.Where(line => line.Contains("is closed", StringComparison.Ordinal)).ToList(),
                lines => lines.Any(line => line.Contains($"to whom {temporary} on the way to", StringComparison.Ordinal)),
                "the closed folder is named",
                StartLimit
            );
        }
        finally
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', output));
            apphost.Kill();
            await WaitForAsync(() => Processes.Of(temporary), processes => processes.Count == 0, "no process of the run is left", EndLimit);
            apphost.Dispose();
            Directory.Delete(temporary, recursive: true);
        }
    }

    private static void SkipWithoutServers()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Servers run as processes on Linux only.");
        var missing = KnownServer.All.Where(server => server.Find() is null).Select(server => server.Package).ToList();
        Assert.SkipWhen(
            missing.Count > 0 && !ServerInstaller.IsPossible && Environment.GetEnvironmentVariable("PLATFORM_REQUIRE_DEPS") != "1",
            $"Not installed, and not to be installed: {string.Join(", ", missing)}."
        );
    }

    private static (Process AppHost, Task Ready, ConcurrentQueue<string> Output) Start(string temporary)
    {
        var program = Path.ChangeExtension(Assembly.GetAssembly(typeof(Projects.Hosting_Tests_AppHost))!.Location, null);
        var start = new ProcessStartInfo(program, ["--Servers=process", "--DcpPublisher:RandomizePorts=true"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["TMPDIR"] = temporary,
                ["DOTNET_ENVIRONMENT"] = "Development",
                ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true",
                ["ASPNETCORE_URLS"] = "http://localhost:0",
            },
        };
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process { StartInfo = start };
        var output = new ConcurrentQueue<string>();
        process.ErrorDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        process.OutputDataReceived += (_, line) =>
        {
            output.Enqueue(line.Data ?? "");
            if (line.Data?.Contains("Distributed application starting", StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return (process, ready.Task, output);
    }

    private static async Task<T> WaitForAsync<T>(Func<T> read, Func<T, bool> condition, string what, TimeSpan limit)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var value = read();
            if (condition(value))
            {
                return value;
            }

            Assert.True(
                Stopwatch.GetElapsedTime(started) < limit,
                $"{what}: not within {limit}; last seen: {(value is IEnumerable<string> lines ? string.Join(" | ", lines) : value)}"
            );
            await timer.WaitForNextTickAsync(Cancellation);
        }
    }
}
