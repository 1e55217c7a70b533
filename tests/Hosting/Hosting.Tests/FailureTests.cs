using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Platform.ServerProcesses;

namespace Platform.Hosting.Tests;

/// <summary>A server that cannot run is one readable error, on its resource and in the console; the rest carries on.</summary>
public sealed class FailureTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Servers_WithAWrongSetting_FailWithTheReasonAndTheRestRuns()
    {
        await using var servers = new Servers { Arguments = ["--Servers=proces"] };
        await servers.StartAsync(Cancellation);

        foreach (var name in Servers.Names)
        {
            await servers
                .App.ResourceNotifications.WaitForResourceAsync(name, KnownResourceStates.FailedToStart, Cancellation)
                .WaitAsync(Limit, Cancellation);
            var log = await servers.LogOfAsync(name, Cancellation);
            Assert.Contains(
                $"'{name}' cannot run: Servers=proces is no way to run servers; say Servers=auto, Servers=container or Servers=process.",
                log,
                StringComparison.Ordinal
            );
            Assert.DoesNotContain("   at ", log, StringComparison.Ordinal);
        }

        await servers
            .App.ResourceNotifications.WaitForResourceAsync("bystander", KnownResourceStates.Running, Cancellation)
            .WaitAsync(Limit, Cancellation);
    }

    [Fact]
    public async Task Servers_WithoutTheirPortOrProgram_FailWithWhoHasItAndWhatToInstall()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Servers run as processes on Linux only.");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await using var servers = new Servers
        {
            Arguments =
            [
                "--Servers=process",
                "--Servers:Install=false",
                "--Absent=true",
                $"--RedisPort={port}",
                "--DcpPublisher:RandomizePorts=false",
            ],
        };
        await servers.StartAsync(Cancellation);

        await servers
            .App.ResourceNotifications.WaitForResourceAsync("redis", KnownResourceStates.FailedToStart, Cancellation)
            .WaitAsync(Limit, Cancellation);
        var redis = await servers.LogOfAsync("redis", Cancellation);
        Assert.Contains($"'redis' cannot listen on port {port}: ", redis, StringComparison.Ordinal);
        Assert.Contains(
            $"(pid {Environment.ProcessId}) has it. End it, or start with --DcpPublisher:RandomizePorts=true.",
            redis,
            StringComparison.Ordinal
        );

        await servers
            .App.ResourceNotifications.WaitForResourceAsync("absent", KnownResourceStates.FailedToStart, Cancellation)
            .WaitAsync(Limit, Cancellation);
        var absent = await servers.LogOfAsync("absent", Cancellation);
        Assert.Contains(
            "'absent' needs the server of the package absent-server, which is not installed. Install it: sudo sh '",
            absent,
            StringComparison.Ordinal
        );
        var script = absent[(absent.IndexOf("sudo sh '", StringComparison.Ordinal) + 9)..].Split('\'')[0];
        Assert.True(File.Exists(script), $"{script} is not there.");
        Assert.DoesNotContain("   at ", redis + absent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Servers_AsContainersWithoutAnEngine_SayThatThereIsNone()
    {
        Assert.SkipWhen(
            (await ServerChoice.MakeAsync(new ConfigurationManager(), Cancellation)).UseContainers,
            "A container engine answers here."
        );
        await using var servers = new Servers
        {
            Arguments = ["--Servers=container", "--DcpPublisher:ContainerRuntimeInitializationTimeout=0:0:2"],
        };

        // Without a dashboard, which would show the same and wait for an engine.
        var exception = await Assert.ThrowsAsync<DistributedApplicationException>(() =>
            servers.StartAsync(Cancellation).WaitAsync(Limit, Cancellation)
        );

        Assert.Contains("Container runtime '", exception.Message, StringComparison.Ordinal);
    }
}
