using System.Diagnostics;
using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using RabbitMQ.Client;
using StackExchange.Redis;

namespace Platform.Hosting.Tests;

/// <summary>Servers as processes on the real Aspire: to the model, to commands and to clients they are what containers are.</summary>
public sealed partial class ServerTests(Servers servers) : IClassFixture<Servers>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Servers_OfTheModel_AnswerTheirClients()
    {
        Needs();
        Assert.Equal("shopdb", await servers.QueryAsync<string>("SELECT current_database()::text", Cancellation));

        await using var redis = await ConnectionMultiplexer.ConnectAsync(
            (await servers.App.GetConnectionStringAsync("redis", Cancellation))!
        );
        Assert.True(await redis.GetDatabase().PingAsync() < Limit);

        var address = new Uri((await servers.App.GetConnectionStringAsync("rabbitmq", Cancellation))!);
        await using var rabbitmq = await new ConnectionFactory { Uri = address }.CreateConnectionAsync(Cancellation);
        Assert.True(rabbitmq.IsOpen);
    }

    /// <summary>
    /// Leans on how the orchestrator tells integrations of a resource's events: the database is made, and what waits for it starts.
    /// </summary>
    [Fact]
    public async Task Consumer_ThatWaitsForAll_StartsWithTheConnectionStringOfTheDatabase()
    {
        Needs();
        await servers
            .App.ResourceNotifications.WaitForResourceAsync("consumer", KnownResourceStates.Running, Cancellation)
            .WaitAsync(Limit, Cancellation);

        var environment = await File.ReadAllTextAsync($"/proc/{servers.ProcessIdOf("consumer")}/environ", Cancellation);
        Assert.Contains(
            $"ConnectionStrings__shopdb={await servers.App.GetConnectionStringAsync("shopdb", Cancellation)}\0",
            environment,
            StringComparison.Ordinal
        );
        Assert.Equal(KnownResourceStates.Running, servers.StateOf("shopdb").State?.Text);
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("redis")]
    [InlineData("rabbitmq")]
    public async Task Server_StoppedStartedAndRestarted_IsItsOwnResource(string name)
    {
        Needs();
        var before = servers.ProcessIdOf(name);

        await servers.CommandAsync(name, KnownResourceCommands.StopCommand, Cancellation);
        await servers
            .App.ResourceNotifications.WaitForResourceAsync(name, KnownResourceStates.TerminalStates, Cancellation)
            .WaitAsync(Limit, Cancellation);
        Assert.DoesNotContain(Processes.All(), process => process.Id == before);

        await servers.CommandAsync(name, KnownResourceCommands.StartCommand, Cancellation);
        var started = await servers.WaitForOtherProcessAsync(name, before, Cancellation);

        await servers.CommandAsync(name, KnownResourceCommands.RestartCommand, Cancellation);
        await servers.WaitForOtherProcessAsync(name, started, Cancellation);
    }

    [Fact]
    public async Task Database_OverARestartOfItsServer_KeepsItsDataAndFollowsItsState()
    {
        Needs();
        await servers.QueryAsync<string>(
            "CREATE TABLE IF NOT EXISTS kept (v text); INSERT INTO kept VALUES ('here'); SELECT 'done'",
            Cancellation
        );
        var before = servers.ProcessIdOf("postgres");

        await servers.CommandAsync("postgres", KnownResourceCommands.StopCommand, Cancellation);
        await servers
            .App.ResourceNotifications.WaitForResourceAsync(
                "shopdb",
                state => state.Snapshot.State?.Text != KnownResourceStates.Running,
                Cancellation
            )
            .WaitAsync(Limit, Cancellation);
        await servers.CommandAsync("postgres", KnownResourceCommands.StartCommand, Cancellation);
        await servers.WaitForOtherProcessAsync("postgres", before, Cancellation);
        await servers
            .App.ResourceNotifications.WaitForResourceAsync("shopdb", state => Servers.IsHealthySinceItsStart(state.Snapshot), Cancellation)
            .WaitAsync(Limit, Cancellation);

        Assert.Equal("here", await servers.QueryAsync<string>("SELECT v FROM kept LIMIT 1", Cancellation));
    }

    [Fact]
    public async Task Server_KilledHard_IsShownAsEndedAndStartsAgain()
    {
        Needs();
        var before = servers.ProcessIdOf("redis");
        using (var redis = Process.GetProcessById(before))
        {
            redis.Kill();
        }

        var ended = await servers
            .App.ResourceNotifications.WaitForResourceAsync("redis", state => state.Snapshot.ExitCode is > 0 or < 0, Cancellation)
            .WaitAsync(Limit, Cancellation);
        Assert.Contains(ended.Snapshot.State?.Text, KnownResourceStates.TerminalStates);

        await servers.CommandAsync("redis", KnownResourceCommands.StartCommand, Cancellation);
        await servers.WaitForOtherProcessAsync("redis", before, Cancellation);
    }

    [Fact]
    public async Task Passwords_OfServers_AreOnNoCommandLine()
    {
        Needs();
        foreach (var name in Servers.Names)
        {
            // Host=…;Password=…, localhost:6379,password=…, amqp://guest:…@localhost:5672
            var connectionString = (await servers.App.GetConnectionStringAsync(name, Cancellation))!;
            var password = PasswordOf().Match(connectionString).Groups["password"].Value;

            Assert.True(password.Length > 15, $"{name} has no password.");
            Assert.DoesNotContain(Processes.All(), process => process.CommandLine.Contains(password, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Servers_OfRoot_RunAsUsersOfTheirOwn()
    {
        Needs();
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may run servers as somebody else.");

        foreach (var (id, line) in Processes.All().Where(process => IsServer(process.CommandLine)))
        {
            var user = File.ReadLines($"/proc/{id}/status").Single(status => status.StartsWith("Uid:", StringComparison.Ordinal));
            Assert.False(user.StartsWith("Uid:\t0", StringComparison.Ordinal), $"{line} runs as root.");
        }

        bool IsServer(string line) =>
            line.Contains($"{servers.RunFolder}/postgres/data", StringComparison.Ordinal)
            || line.Contains("beam.smp", StringComparison.Ordinal)
            || line.StartsWith("/usr/bin/redis-server", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres", "library/postgres:18.3", "database system is ready")]
    [InlineData("redis", "library/redis:8.6", "Ready to accept connections")]
    [InlineData("rabbitmq", "library/rabbitmq:4.3", "Server startup complete")]
    public async Task Log_OfAServer_IsUnderItsNameAndSaysWhatWasAskedForAndWhatRuns(string name, string image, string ready)
    {
        Needs();

        // Said after it listens, and passed on by a pipe.
        var log = await servers.LogWithAsync(name, ready, Limit, Cancellation);

        Assert.Contains($"Asked for {image}; runs ", log, StringComparison.Ordinal);
        Assert.DoesNotContain("Not used", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PlainContainer_OfAKnownServer_GetsItsFilesArgumentsAndPortAndSaysWhatItDoesNotTake()
    {
        Needs();
        await servers.App.ResourceNotifications.WaitForResourceHealthyAsync("files", Cancellation).WaitAsync(Limit, Cancellation);
        var log = await servers.LogWithAsync("files", "--said on port", Limit, Cancellation);

        Assert.Contains((await File.ReadAllTextAsync("/etc/hostname", Cancellation)).Trim(), log, StringComparison.Ordinal);
        Assert.Contains("from the model", log, StringComparison.Ordinal);
        Assert.Contains($"--said on port {servers.App.GetEndpoint("files", "http").Port}", log, StringComparison.Ordinal);
        Assert.Contains("Not used, because the server runs as a process: the mount of 'left' at /left.", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Project_OfTheModel_RunsAsTheProgramThatWasBuilt()
    {
        Needs();
        await servers.App.ResourceNotifications.WaitForResourceHealthyAsync("service", Cancellation).WaitAsync(Limit, Cancellation);
        var id = servers.ProcessIdOf("service");

        var line = await File.ReadAllTextAsync($"/proc/{id}/cmdline", Cancellation);
        Assert.EndsWith("/Hosting.Tests.Service", line.Split('\0')[0], StringComparison.Ordinal);
        var parent = File.ReadLines($"/proc/{id}/status")
            .Single(status => status.StartsWith("PPid:", StringComparison.Ordinal))[5..]
            .Trim();
        Assert.DoesNotContain("dotnet", await File.ReadAllTextAsync($"/proc/{parent}/cmdline", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_OfTheRun_AreClosedToOthers()
    {
        Needs();
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

        // Below the data of PostgreSQL files come and go; they are below its closed folder.
        var open = Directory
            .EnumerateFileSystemEntries(servers.RunFolder, "*", SearchOption.AllDirectories)
            .Where(path => !path.StartsWith($"{servers.RunFolder}/postgres/data/", StringComparison.Ordinal) && IsOpen(path))
            .ToList();

        Assert.Empty(open);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode($"{servers.RunFolder}/postgres/data")
        );

        static bool IsOpen(string path)
        {
            try
            {
                return File.Exists(path) && (File.GetUnixFileMode(path) & Others) != 0;
            }
            catch (IOException)
            {
                // It went between the two looks.
                return false;
            }
        }
    }

    [GeneratedRegex("(?:[Pp]assword=|amqp://[^:]+:)(?<password>[^;,@]+)")]
    private static partial Regex PasswordOf();

    private void Needs() => Assert.SkipWhen(servers.Unavailable is not null, servers.Unavailable ?? "");
}
