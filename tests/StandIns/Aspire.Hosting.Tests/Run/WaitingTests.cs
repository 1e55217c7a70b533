using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Aspire.Hosting.Tests.Run;

public sealed class WaitingTests
{
    private readonly IDistributedApplicationBuilder _builder = AppModel.Create("DcpPublisher:RandomizePorts=true");

    [Fact]
    public async Task WaitFor_HealthCheck_StartsWithTheFirstHealthyReport()
    {
        var healthy = false;
        _builder.Services.AddHealthChecks().AddCheck("door", () => Volatile.Read(ref healthy) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("shut"));
        var server = _builder.AddSleep("server").WithHealthCheck("door");
        _builder.AddSleep("web").WaitFor(server);
        await using var app = TestApp.Start(_builder);

        var shut = await app.ReachAsync("server", s => s.HealthReports.Any(r => r.Description == "shut"));
        Assert.Equal(("Running", HealthStatus.Unhealthy), (shut.Snapshot.State?.Text, shut.Snapshot.HealthStatus));
        await app.ReachAsync("web", KnownResourceStates.Waiting);
        Assert.False(app.Started.IsCompleted);
        Volatile.Write(ref healthy, true);

        await app.ReachAsync("web", KnownResourceStates.Running);
        await app.Started.WaitAsync(Limit.Token);
        Assert.Equal(HealthStatus.Healthy, app.State("server").HealthStatus);
    }

    [Fact]
    public async Task WaitFor_HttpHealthCheck_WantsItsStatusCode()
    {
        var server = _builder.AddSleep("server").WithHttpEndpoint().WithHttpHealthCheck("/health", 204);
        _builder.AddSleep("web").WaitFor(server);
        await using var app = TestApp.Start(_builder);
        await app.ReachAsync("server", s => s.HealthReports.Any(r => r.Description == "/health did not answer."));

        await using var listener = await Listener.StartAsync(server.GetEndpoint("http").Url);
        await app.ReachAsync("server", s => s.HealthReports.Any(r => r.Description == "/health answered 200, expected 204."));
        listener.StatusCode = 204;

        await app.ReachAsync("web", KnownResourceStates.Running);
        Assert.Equal("server_http_/health_204_check", Assert.Single(app.State("server").HealthReports).Name);
    }

    [Fact]
    public async Task WaitFor_ReadySubscribers_AreDoneBeforeTheWaiterStarts()
    {
        var (entered, leave) = (new TaskCompletionSource(), new TaskCompletionSource());
        var server = _builder.AddSleep("server").OnResourceReady(async (_, _, cancellationToken) =>
        {
            entered.SetResult();
            await leave.Task.WaitAsync(cancellationToken);
        });
        _builder.AddSleep("web").WaitFor(server);
        await using var app = TestApp.Start(_builder);

        await entered.Task.WaitAsync(Limit.Token);
        await app.ReachAsync("web", KnownResourceStates.Waiting);
        Assert.Equal(KnownResourceStates.Running, app.State("server").State?.Text);
        leave.SetResult();

        await app.ReachAsync("web", KnownResourceStates.Running);
    }

    [Fact]
    public async Task WaitFor_ReadySubscriberFails_FailsTheWaiterOnly()
    {
        var server = _builder.AddSleep("server").OnResourceReady((_, _, _) => throw new InvalidOperationException("not ready"));
        var web = _builder.AddSleep("web").WaitFor(server).Resource;
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.FailedToStart, app.State("web").State?.Text);
        Assert.Contains(await app.PrintedAsync(web), line => line.Contains("not ready", StringComparison.Ordinal));
        Assert.Equal(KnownResourceStates.Running, app.State("server").State?.Text);
    }

    [Fact]
    public async Task WaitForStart_UnhealthyResource_IsEnough()
    {
        _builder.Services.AddHealthChecks().AddCheck("never", () => HealthCheckResult.Unhealthy());
        var server = _builder.AddSleep("server").WithHealthCheck("never");
        _builder.AddSleep("web").WaitForStart(server);
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.Running, app.State("web").State?.Text);
    }

    [Theory]
    [InlineData(0, "Running")]
    [InlineData(3, "FailedToStart")]
    public async Task WaitForCompletion_ExitCode_DecidesAboutTheWaiter(int exitCode, string state)
    {
        var job = _builder.AddShell("job", $"exit {exitCode}");
        _builder.AddSleep("web").WaitForCompletion(job);
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(state, app.State("web").State?.Text);
    }

    [Fact]
    public async Task WaitForCompletion_ExpectedExitCode_IsASuccess()
    {
        var job = _builder.AddShell("job", "exit 3");
        _builder.AddSleep("web").WaitForCompletion(job, exitCode: 3);
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.Running, app.State("web").State?.Text);
    }

    [Fact]
    public async Task WaitFor_FailedResourceWithoutDashboard_FailsTheWaiterAndSaysWhy()
    {
        var server = _builder.AddExecutable("server", "no-such-command", "/");
        var web = _builder.AddSleep("web").WaitFor(server).Resource;
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.FailedToStart, app.State("web").State?.Text);
        Assert.Contains(
            await app.PrintedAsync(web),
            line => line.Contains("Stopped waiting for resource 'server' to become healthy because it failed to start.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WaitFor_FailedResourceAndPatientWaiter_WaitsUntilItWorks()
    {
        var server = _builder.AddShell("server", "[ -e \"$MARK\" ] && exec sleep 300; exit 1").WithExplicitStart();
        var mark = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        server.WithEnvironment("MARK", mark);
        _builder.Services.AddHealthChecks().AddCheck("mark", () => File.Exists(mark) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
        server.WithHealthCheck("mark");
        _builder.AddSleep("web").WaitFor(server, WaitBehavior.WaitOnResourceUnavailable);
        await using var app = TestApp.Start(_builder);
        await app.ReachAsync("web", KnownResourceStates.Waiting);
        await app.ReachAsync("server", KnownResourceStates.NotStarted);

        try
        {
            await app.ExecuteAsync("server", "start");
            await app.ReachAsync("server", KnownResourceStates.Finished);
            Assert.Equal(KnownResourceStates.Waiting, app.State("web").State?.Text);
            await File.WriteAllTextAsync(mark, "", Limit.Token);
            await app.ExecuteAsync("server", "start");

            await app.ReachAsync("web", KnownResourceStates.Running);
        }
        finally
        {
            File.Delete(mark);
        }
    }

    [Fact]
    public async Task Start_CommandOnAWaitingResource_SkipsTheWait()
    {
        var never = _builder.AddSleep("never").WithExplicitStart();
        _builder.AddSleep("web").WaitFor(never);
        await using var app = TestApp.Start(_builder);
        await app.ReachAsync("web", KnownResourceStates.Waiting);

        Assert.True((await app.ExecuteAsync("web", "start")).Success);

        await app.ReachAsync("web", KnownResourceStates.Running);
        await app.Started.WaitAsync(Limit.Token);
    }

    [Fact]
    public async Task Stop_CommandOnAWaitingResource_LeavesItStartable()
    {
        var never = _builder.AddSleep("never").WithExplicitStart();
        _builder.AddSleep("web").WaitFor(never);
        await using var app = TestApp.Start(_builder);
        await app.ReachAsync("web", KnownResourceStates.Waiting);

        await app.ExecuteAsync("web", "stop");
        await app.ReachAsync("web", KnownResourceStates.NotStarted);
        var start = app.ExecuteAsync("web", "start");
        await app.ReachAsync("web", KnownResourceStates.Waiting);
        await app.ExecuteAsync("never", "start");

        Assert.True((await start).Success);
        await app.ReachAsync("web", KnownResourceStates.Running);
    }

    [Fact]
    public async Task Start_CommandOnAStoppedResource_HonoursItsWaits()
    {
        var server = _builder.AddSleep("server");
        _builder.AddSleep("web").WaitForStart(server);
        await using var app = await TestApp.StartAsync(_builder);
        await app.ExecuteAsync("web", "stop");
        await app.ExecuteAsync("server", "stop");

        // Without a dashboard a wait ends with what it waits for.
        var failed = await app.ExecuteAsync("web", "start");
        await app.ExecuteAsync("server", "start");
        var started = await app.ExecuteAsync("web", "start");

        Assert.Equal((false, "Resource 'web' failed to start; its log says why."), (failed.Success, failed.Message));
        Assert.True(started.Success);
        Assert.Equal(KnownResourceStates.Running, app.State("web").State?.Text);
    }

    [Fact]
    public async Task Start_WhoGaveTheCommandGoesAway_GoesOn()
    {
        var server = _builder.AddSleep("server").WithExplicitStart();
        _builder.AddSleep("web").WaitForStart(server).WithExplicitStart();
        await using var app = await TestApp.StartAsync(_builder);
        using var caller = new CancellationTokenSource();

        var start = app.App.ResourceCommands.ExecuteCommandAsync("web", "start", caller.Token);
        await app.ReachAsync("web", KnownResourceStates.Waiting);
        await caller.CancelAsync();

        Assert.True((await start).Canceled);
        await app.ExecuteAsync("server", "start");
        await app.ReachAsync("web", KnownResourceStates.Running);
    }

    [Fact]
    public async Task Restart_CommandOnAWaitingResource_IsRefusedAndItWaitsOn()
    {
        var never = _builder.AddSleep("never").WithExplicitStart();
        _builder.AddSleep("web").WaitFor(never);
        await using var app = TestApp.Start(_builder);
        await app.ReachAsync("web", KnownResourceStates.Waiting);

        var result = await app.ExecuteAsync("web", "restart");

        Assert.Equal((false, "Resource 'web' does not run yet and cannot be restarted."), (result.Success, result.Message));
        Assert.Equal(KnownResourceStates.Waiting, app.State("web").State?.Text);
    }

    [Fact]
    public async Task WaitForResourceHealthy_FailedOrUnknownResource_SaysWhy()
    {
        _builder.AddExecutable("server", "no-such-command", "/");
        await using var app = await TestApp.StartAsync(_builder);
        var notifications = app.App.ResourceNotifications;

        var failed = await Assert.ThrowsAsync<DistributedApplicationException>(() => notifications.WaitForResourceHealthyAsync("server", Limit.Token));
        var unknown = await Assert.ThrowsAsync<DistributedApplicationException>(() => notifications.WaitForResourceHealthyAsync("nobody", Limit.Token));

        Assert.Equal("Stopped waiting for resource 'server' to become healthy because it failed to start.", failed.Message);
        Assert.Equal("Stopped waiting for resource 'nobody' to become healthy because it does not exist in the application model.", unknown.Message);
    }

    [Fact]
    public async Task WaitFor_CheckThatIsNotRegistered_IsUnhealthyAndSaysSo()
    {
        _builder.AddSleep("server").WithHealthCheck("forgotten");
        await using var app = await TestApp.StartAsync(_builder);

        var report = await app.ReachAsync("server", s => s.HealthReports.Any(r => r.LastRunAt is not null));

        Assert.Equal("No health check 'forgotten' is registered.", Assert.Single(report.Snapshot.HealthReports).Description);
    }

    [Fact]
    public async Task Health_PartOfAServer_IncludesTheServersChecks()
    {
        _builder.Services.AddHealthChecks().AddCheck("door", () => HealthCheckResult.Unhealthy("shut")).AddCheck("own", () => HealthCheckResult.Healthy());
        var server = _builder.AddResource(new ServerResource("server")).WithHealthCheck("door");
        _builder.AddResource(new ServerPartResource("part", server.Resource)).WithHealthCheck("own");
        await using var app = await TestApp.StartAsync(_builder);

        var part = await app.ReachAsync("part", s => s.HealthReports.Any(r => r.LastRunAt is not null));

        Assert.Equal(["door", "own"], part.Snapshot.HealthReports.Select(r => r.Name).Order());
        Assert.Equal(HealthStatus.Unhealthy, part.Snapshot.HealthStatus);
    }

    [Fact]
    public async Task WaitForCompletion_ResourceThatCannotStart_FailsTheWaiter()
    {
        var job = _builder.AddExecutable("job", "no-such-command", "/");
        _builder.AddSleep("web").WaitForCompletion(job);
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.FailedToStart, app.State("web").State?.Text);
    }

    [Theory]
    [InlineData(false, WaitBehavior.WaitOnResourceUnavailable)]
    [InlineData(true, WaitBehavior.StopOnResourceUnavailable)]
    public async Task WaitBehavior_NothingSaid_DependsOnTheDashboard(bool disableDashboard, WaitBehavior expected)
    {
        await using var app = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { DisableDashboard = disableDashboard }).Build();

        Assert.Equal(expected, app.Services.GetRequiredService<IOptions<ResourceNotificationServiceOptions>>().Value.DefaultWaitBehavior);
    }
}
