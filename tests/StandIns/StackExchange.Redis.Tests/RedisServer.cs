using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace StackExchange.Redis.Tests;

/// <summary>A redis-server of this test's own: free port, loopback only, nothing on disk.</summary>
public sealed class RedisServer : IAsyncLifetime
{
    private Process? _process;

    public string? Password { get; init; }

    public int Port { get; } = FreePort();

    public ConfigurationOptions Options => new()
    {
        EndPoints = { { "127.0.0.1", Port } },
        AbortOnConnectFail = false,
        Password = Password,
    };

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask InitializeAsync()
    {
        if (!IsInstalled())
        {
            // A fixture cannot skip: the tests do, when they connect.
            return;
        }

        await StartAsync();
    }

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("redis-server") { RedirectStandardOutput = true };
        string[] arguments =
        [
            "--port", Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            .. Password is null ? Array.Empty<string>() : ["--requirepass", Password],
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        await Eventually.TrueAsync(CanConnect, "redis-server accepts connections");
    }

    public async Task<ConnectionMultiplexer> ConnectAsync(Action<ConfigurationOptions>? configure = null)
    {
        if (!IsInstalled())
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("PLATFORM_REQUIRE_DEPS") == "1", "redis-server is not installed.");
            Assert.Fail("redis-server is not installed, and PLATFORM_REQUIRE_DEPS=1.");
        }

        var options = Options;
        configure?.Invoke(options);
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(options);
        Assert.True(multiplexer.IsConnected);
        return multiplexer;
    }

    /// <summary>What Redis's own client is told.</summary>
    public async Task<string> AskAsync(params string[] command)
    {
        var start = new ProcessStartInfo("redis-cli", ["-p", Port.ToString(CultureInfo.InvariantCulture), .. command])
        {
            RedirectStandardOutput = true,
        };
        using var cli = Process.Start(start)!;
        return await cli.StandardOutput.ReadToEndAsync();
    }

    public Task FreezeAsync() => SignalAsync("-STOP");

    public Task ThawAsync() => SignalAsync("-CONT");

    public async Task StopAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private static bool IsInstalled() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(':')
        .Any(folder => File.Exists(Path.Combine(folder, "redis-server")));

    private bool CanConnect()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }
}
