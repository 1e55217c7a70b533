using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Resolve;
using Aspire.Hosting.Run;
using Aspire.Hosting.Run.Twins;
using Aspire.Hosting.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aspire.Hosting.Tests.Run;

public sealed class FailureTests
{
    private readonly IDistributedApplicationBuilder _builder = AppModel.Create();

    [Fact]
    public async Task Start_OneResourceFails_TheOthersRun()
    {
        _builder.AddExecutable("broken", "no-such-command", "/");
        _builder.AddSleep("web");
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.FailedToStart, app.State("broken").State?.Text);
        Assert.Equal(KnownResourceStates.Running, app.State("web").State?.Text);
        Assert.Equal("error", app.State("broken").State?.Style);
    }

    [Fact]
    public async Task Start_CommandOnABrokenResource_IsAFailure()
    {
        _builder.AddExecutable("broken", "no-such-command", "/");
        await using var app = await TestApp.StartAsync(_builder);

        var result = await app.ExecuteAsync("broken", "start");

        Assert.Equal((false, "Resource 'broken' failed to start; its log says why."), (result.Success, result.Message));
    }

    [Fact]
    public async Task Start_TakenPort_NamesPortResourceAndProcess()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var api = _builder.AddSleep("api").WithHttpEndpoint(port: port).Resource;
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.FailedToStart, app.State("api").State?.Text);
        var expected = string.Create(CultureInfo.InvariantCulture, $"Port {port} of endpoint 'http' of 'api' is taken by ");
        var line = Assert.Single(await app.PrintedAsync(api), l => l.Contains(expected, StringComparison.Ordinal));
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"(pid {Environment.ProcessId})"), line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_MissingParameter_FailsItsConsumerOnly()
    {
        var api = _builder.AddSleep("api").WithEnvironment("COLOUR", _builder.AddParameter("colour"));
        _builder.AddSleep("web");
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.FailedToStart, app.State("api").State?.Text);
        Assert.Contains(await app.PrintedAsync(api.Resource), line => line.Contains("'Parameters:colour' is missing", StringComparison.Ordinal));
        Assert.Equal(KnownResourceStates.Running, app.State("web").State?.Text);
    }

    [Fact]
    public async Task Start_ImageWithoutNativeTwin_NamesTheWayOutAndOthersRun()
    {
        var keycloak = _builder.AddContainer("keycloak", "keycloak/keycloak", "26").WithHttpEndpoint(targetPort: 8080);
        _builder.AddSleep("web");
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.FailedToStart, app.State("keycloak").State?.Text);
        Assert.Contains(
            await app.PrintedAsync(keycloak.Resource),
            line => line.Contains("Image 'keycloak/keycloak:26' of 'keycloak' needs a container runtime: run with StandIns=false.", StringComparison.Ordinal));
        Assert.Equal(KnownResourceStates.Running, app.State("web").State?.Text);
    }

    [Fact]
    public async Task Install_SwitchedOff_NamesTheOneCommand()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create<string, string?>("Platform:InstallServers", "false")]).Build();
        var installer = new ServerInstaller(configuration, NullLogger<ServerInstaller>.Instance);

        var error = await Assert.ThrowsAsync<DistributedApplicationException>(
            () => installer.EnsureAsync(new MissingTwin(), "store", NullLogger.Instance, Limit.Token));

        Assert.Equal(
            "'store' needs the server of the package no-such-server, which is not installed. Install it: sudo apt-get install -y --no-install-recommends no-such-server",
            error.Message);
    }

    [Fact]
    public async Task Start_BeforeStartSubscriberFails_TheApplicationDoesNotStart()
    {
        _builder.AddSleep("web");
        _builder.OnBeforeStart((_, _) => throw new InvalidOperationException("not today"));
        await using var app = _builder.Build();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => app.StartAsync(Limit.Token));

        Assert.Equal("not today", error.Message);
    }

    [Fact]
    public void Run_BeforeStartSubscriberFails_ThrowsAnAggregate()
    {
        _builder.OnBeforeStart((_, _) => throw new InvalidOperationException("not today"));

        var error = Assert.Throws<AggregateException>(_builder.Build().Run);

        Assert.Equal("not today", error.InnerException?.Message);
    }

    [Fact]
    public async Task Stopped_ResourceThatCouldNotStart_RaisesTheEventToo()
    {
        var stopped = new TaskCompletionSource<string?>();
        _builder.AddExecutable("broken", "no-such-command", "/").OnResourceStopped((_, e, _) =>
        {
            stopped.TrySetResult(e.ResourceEvent.Snapshot.State?.Text);
            return Task.CompletedTask;
        });
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.FailedToStart, await stopped.Task.WaitAsync(Limit.Token));
    }

    private sealed class MissingTwin : NativeTwin
    {
        public override string Image => "no-such-image";

        public override string Package => "no-such-server";

        public override string? Find() => null;

        public override Task<ProcessSpec> PrepareAsync(TwinContext context, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
