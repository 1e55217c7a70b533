using System.Diagnostics;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Platform.ServerProcesses;

namespace Platform.Hosting.Tests;

/// <summary>PostgreSQL's script alone, without an AppHost.</summary>
public sealed class PostgresScriptTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string _root = Directory.CreateTempSubdirectory("postgres-").FullName;
    private readonly int _port = FreePort.Next();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Volume_KilledInTheMiddleOfItsFirstStart_IsMadeAnewByTheNext()
    {
        var program = new PostgresServer().Find();
        Assert.SkipWhen(program is null, "PostgreSQL is not installed.");
        File.SetUnixFileMode(_root, File.GetUnixFileMode(_root) | UnixFileMode.OtherExecute);
        var data = Path.Combine(_root, "kept");
        var script = Path.Combine(_root, "run.sh");

        using (var first = Start(NeverInitialized(program!), data, script))
        {
            try
            {
                await WaitUntilAsync(() => Directory.Exists(Path.Combine(data, "new", "base")), "initdb works");
            }
            finally
            {
                first.Kill(entireProcessTree: true);
                await first.WaitForExitAsync(Cancellation);
            }
        }

        Assert.False(File.Exists(Path.Combine(data, "PG_VERSION")));

        using var second = Start(program!, data, script);
        try
        {
            await WaitUntilAsync(Listens, "PostgreSQL listens");
            Assert.False(Directory.Exists(Path.Combine(data, "new")));

            // Both are passed on; the server ends once.
            await SignalAsync(second, "TERM");
            await SignalAsync(second, "TERM");
            await second.WaitForExitAsync(Cancellation).WaitAsync(Limit, Cancellation);
            Assert.Equal(0, second.ExitCode);
        }
        finally
        {
            if (!second.HasExited)
            {
                second.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>The same server, whose initdb does its work and does not come back: it can be killed at any time.</summary>
    private string NeverInitialized(string program)
    {
        const UnixFileMode ForAll =
            UnixFileMode.UserRead
            | UnixFileMode.UserWrite
            | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead
            | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead
            | UnixFileMode.OtherExecute;
        var folder = Directory.CreateDirectory(Path.Combine(_root, "bin"), ForAll).FullName;
        var initialize = Path.Combine(folder, "initdb");
        File.WriteAllText(initialize, $"#!/bin/sh\n'{Path.Combine(Path.GetDirectoryName(program)!, "initdb")}' \"$@\"\nexec sleep 600\n");
        File.SetUnixFileMode(initialize, ForAll);
        return Path.Combine(folder, Path.GetFileName(program));
    }

    private Process Start(string program, string data, string script)
    {
        var server = new PostgresServer();
        server
            .Plan(
                new ServerSettings
                {
                    Program = program,
                    Folder = Path.Combine(_root, "postgres"),
                    Ports = new Dictionary<int, int> { [5432] = _port },
                    Environment = new Dictionary<string, string> { ["POSTGRES_PASSWORD"] = "secret" },
                    Mounts = [new ContainerMountAnnotation(data, "/var/lib/postgresql", ContainerMountType.BindMount, false)],
                }
            )
            .Write(UserAccount.First(server.Accounts), script);
        return Process.Start("/bin/sh", [script]);
    }

    private bool Listens()
    {
        using var client = new TcpClient();
        try
        {
            client.Connect("127.0.0.1", _port);
            return true;
        }
        catch (SocketException)
        {
            // Not yet.
            return false;
        }
    }

    private static async Task SignalAsync(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Cancellation);
    }

    private static async Task WaitUntilAsync(Func<bool> condition, string what)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Limit, $"{what}: not within {Limit}.");
            await timer.WaitForNextTickAsync(Cancellation);
        }
    }
}
