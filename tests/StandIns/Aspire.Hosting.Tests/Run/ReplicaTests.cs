using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Tests.Dashboard;
using Aspire.Hosting.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Tests.Run;

public sealed class ReplicaTests
{
    private readonly IDistributedApplicationBuilder _builder = AppModel.Create("DcpPublisher:RandomizePorts=true");

    [Fact]
    public async Task Start_Replicas_EachIsAnInstanceOfItsOwn()
    {
        var api = _builder.AddSleep("api").Replicate(2).Resource;
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(2, api.InstanceIds().Select(id => app.State(id).Pid()).Distinct().Count());
        Assert.All(api.InstanceIds(), id => Assert.True(Processes.IsAlive(app.State(id).Pid())));
        Assert.False(app.App.ResourceNotifications.TryGetCurrentState("api", out _));
    }

    [Fact]
    public async Task Restart_OneReplica_LeavesTheOtherAlone()
    {
        var api = _builder.AddSleep("api").Replicate(2).Resource;
        await using var app = await TestApp.StartAsync(_builder);
        int[] before = [.. api.InstanceIds().Select(id => app.State(id).Pid())];

        Assert.True((await app.ExecuteAsync(api.InstanceIds()[1], "restart")).Success);

        int[] after = [.. api.InstanceIds().Select(id => app.State(id).Pid())];
        Assert.Equal(before[0], after[0]);
        Assert.NotEqual(before[1], after[1]);
        Assert.True(Processes.IsAlive(after[0]));
    }

    [Fact]
    public async Task Stop_OneOfTwoThatWait_StartsTheOtherOnly()
    {
        var server = _builder.AddSleep("server").WithExplicitStart();
        var api = _builder.AddSleep("api").WaitForStart(server).Replicate(2).Resource;
        await using var app = TestApp.Start(_builder);
        await app.ReachAsync("api", KnownResourceStates.Waiting);

        await app.ExecuteAsync(api.InstanceIds()[0], "stop");
        await app.ExecuteAsync("server", "start");
        await app.Started.WaitAsync(Limit.Token);

        Assert.Equal(["NotStarted", "Running"], api.InstanceIds().Select(id => app.State(id).State?.Text));
    }

    [Fact]
    public async Task Execute_OnTheResource_ReachesEveryReplicaAndByItsNameNone()
    {
        var api = _builder.AddSleep("api").Replicate(2).Resource;
        await using var app = await TestApp.StartAsync(_builder);

        var byName = await app.ExecuteAsync("api", "stop");
        Assert.All(api.InstanceIds(), id => Assert.Equal("Running", app.State(id).State?.Text));
        var byResource = await app.App.ResourceCommands.ExecuteCommandAsync(api, "stop", Limit.Token);

        Assert.Equal((false, "Resource 'api' not found."), (byName.Success, byName.Message));
        Assert.Equal((true, "Successfully stopped 'api'."), (byResource.Success, byResource.Message));
        Assert.All(api.InstanceIds(), id => Assert.Equal("Finished", app.State(id).State?.Text));
    }

    [Fact]
    public async Task Execute_OneReplicaFails_IsAFailure()
    {
        var api = _builder.AddSleep("api").Replicate(2).Resource;
        _builder.CreateResourceBuilder(api).WithCommand("name", "Name", context => Task.FromResult(
            context.ResourceName == api.InstanceIds()[1] ? CommandResults.Failure("second") : CommandResults.Success()));
        await using var app = await TestApp.StartAsync(_builder);

        var result = await app.App.ResourceCommands.ExecuteCommandAsync(api, "name", Limit.Token);

        Assert.Equal((false, "second"), (result.Success, result.Message));
    }

    [Fact]
    public async Task Events_OneStartOfTheResource_AreRaisedOnceNotPerReplica()
    {
        var started = 0;
        _builder.AddSleep("api").Replicate(3).OnBeforeResourceStarted((_, _, _) =>
        {
            Interlocked.Increment(ref started);
            return Task.CompletedTask;
        });
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(1, started);
    }

    [Fact]
    public async Task WaitForCompletion_Replicas_WaitsForAllOfThem()
    {
        var mark = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        var job = _builder.AddShell("job", $"mkdir {mark} 2>/dev/null && exit 0; until [ -e {mark}/go ]; do sleep 0.02; done").Replicate(2);
        _builder.AddSleep("web").WaitForCompletion(job);
        await using var app = TestApp.Start(_builder);

        await app.ReachAsync("job", KnownResourceStates.Finished);
        await app.ReachAsync("web", KnownResourceStates.Waiting);
        Assert.False(app.Started.IsCompleted);
        await File.WriteAllTextAsync(Path.Combine(mark, "go"), "", Limit.Token);

        await app.ReachAsync("web", KnownResourceStates.Running);
        Directory.Delete(mark, recursive: true);
    }

    [Fact]
    public async Task WaitFor_OneReplicaFails_FailsTheWaiter()
    {
        var mark = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        var server = _builder.AddShell("server", $"mkdir {mark} 2>/dev/null && exec sleep 300; exit 1").Replicate(2);
        _builder.Services.AddHealthChecks().AddCheck("never", () => HealthCheckResult.Unhealthy());
        server.WithHealthCheck("never");
        _builder.AddSleep("web").WaitFor(server);
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.FailedToStart, app.State("web").State?.Text);
        Directory.Delete(mark);
    }

    [Fact]
    public async Task Health_Replicas_ShareOneReportAndOneReadyEvent()
    {
        var ready = 0;
        _builder.Services.AddHealthChecks().AddCheck("door", () => HealthCheckResult.Healthy("open"));
        var api = _builder.AddSleep("api").WithHealthCheck("door").Replicate(2).OnResourceReady((_, _, _) =>
        {
            Interlocked.Increment(ref ready);
            return Task.CompletedTask;
        }).Resource;
        _builder.AddSleep("web").WaitFor(_builder.CreateResourceBuilder(api));
        await using var app = await TestApp.StartAsync(_builder);

        await app.ExecuteAsync(api.InstanceIds()[0], "restart");
        foreach (var id in api.InstanceIds())
        {
            await app.App.ResourceNotifications.WaitForResourceAsync(
                "api", e => e.ResourceId == id && e.Snapshot is { HealthStatus: HealthStatus.Healthy, Ready: not null }, Limit.Token);
        }

        Assert.Equal(1, ready);
        await app.App.ResourceCommands.ExecuteCommandAsync(api, "stop", Limit.Token);
        await app.App.ResourceCommands.ExecuteCommandAsync(api, "start", Limit.Token);
        await Limit.EventuallyAsync(() => Volatile.Read(ref ready) == 2, "a second period");
    }

    [Fact]
    public async Task Logs_Replicas_AreSeparateAndTogetherByResource()
    {
        var api = _builder.AddShell("api", "echo $$; exec sleep 300").Replicate(2).Resource;
        await using var app = await TestApp.StartAsync(_builder);
        var both = new List<string>();

        await foreach (var lines in app.Logs.WatchAsync(api).WithCancellation(Limit.Token))
        {
            both.AddRange(lines.Select(l => l.Content.Split(' ')[1]));
            if (both.Count == 2)
            {
                break;
            }
        }

        Assert.Equal(
            api.InstanceIds().Select(id => app.State(id).Pid().ToString(null, null)).Order(StringComparer.Ordinal),
            both.Order(StringComparer.Ordinal));
        await foreach (var lines in app.Logs.GetAllAsync(api.InstanceId()))
        {
            Assert.EndsWith($" {app.State(api.InstanceId()).Pid()}", Assert.Single(lines).Content, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Logger_OfTheResource_WritesIntoTheLogOfEachReplica()
    {
        var api = _builder.AddSleep("api").Replicate(2).Resource;
        await using var app = await TestApp.StartAsync(_builder);

        app.Logs.GetLogger(api).LogInformation("hello");

        Assert.Equal(2, (await app.PrintedAsync(api)).Count(line => line == "hello"));
        Assert.All(api.InstanceIds(), id => Assert.EndsWith(" hello", app.Logs.GetAllAsync(id).ToBlockingEnumerable(Limit.Token).Single().Single().Content, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Proxy_Replicas_TakeTurnsAndAStoppedOneGetsNothing()
    {
        var api = _builder.AddSleep("api").WithHttpEndpoint().Replicate(2);
        var endpoint = api.GetEndpoint("http");
        await using var app = await TestApp.StartAsync(_builder);
        int[] ports = [.. api.Resource.InstanceIds().Select(endpoint.EndpointAnnotation.ListenPort)];
        await using var one = await Listener.StartAsync($"http://localhost:{ports[0]}");
        await using var two = await Listener.StartAsync($"http://localhost:{ports[1]}");

        await RequestAsync(4);
        Assert.Equal((2, 2), (one.Requests.Count, two.Requests.Count));

        await app.ExecuteAsync(api.Resource.InstanceIds()[0], "stop");
        await RequestAsync(2);
        Assert.Equal((2, 4), (one.Requests.Count, two.Requests.Count));

        await app.ExecuteAsync(api.Resource.InstanceIds()[1], "stop");
        await Assert.ThrowsAsync<HttpRequestException>(() => RequestAsync(1));

        async Task RequestAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                using var client = new HttpClient();
                using var response = await client.GetAsync(new Uri(endpoint.Url), Limit.Token);
            }
        }
    }

    [Fact]
    public async Task Proxy_ReplicaThatIsBeingStopped_GetsNoNewConnection()
    {
        var gate = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        var api = _builder.AddShell("api", $"trap 'until [ -e {gate} ]; do sleep 0.02; done; exit 0' TERM; while :; do sleep 0.02; done").WithHttpEndpoint().Replicate(2);
        var endpoint = api.GetEndpoint("http");
        await using var app = await TestApp.StartAsync(_builder);
        var leaving = api.Resource.InstanceIds()[0];
        await using var one = await Listener.StartAsync($"http://localhost:{endpoint.EndpointAnnotation.ListenPort(leaving)}");
        await using var two = await Listener.StartAsync($"http://localhost:{endpoint.EndpointAnnotation.ListenPort(api.Resource.InstanceIds()[1])}");

        var stop = app.ExecuteAsync(leaving, "stop");
        await app.App.ResourceNotifications.WaitForResourceAsync("api", e => e.ResourceId == leaving && e.Snapshot.State?.Text == "Stopping", Limit.Token);
        for (var i = 0; i < 2; i++)
        {
            using var client = new HttpClient();
            using var response = await client.GetAsync(new Uri(endpoint.Url), Limit.Token);
        }

        Assert.Equal((0, 2), (one.Requests.Count, two.Requests.Count));
        await File.WriteAllTextAsync(gate, "", Limit.Token);
        Assert.True((await stop).Success);
        await app.ExecuteAsync(api.Resource.InstanceIds()[1], "stop");
        File.Delete(gate);
    }

    [Fact]
    public async Task Proxy_ProcessWithItsOwnPort_IsReachedOnThePublicOne()
    {
        var api = _builder.AddSleep("api").WithHttpEndpoint(port: 5301, targetPort: Aspire.Hosting.Resolve.PortLedger.Next());
        await using var app = await TestApp.StartAsync(_builder);
        await using var listener = await Listener.StartAsync($"http://localhost:{api.GetEndpoint("http").TargetPort}");

        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri(api.GetEndpoint("http").Url), Limit.Token);

        Assert.NotEqual(api.GetEndpoint("http").Port, api.GetEndpoint("http").TargetPort);
        Assert.Single(listener.Requests);
    }

    [Fact]
    public async Task Dashboard_Replicas_AreResourcesWithOneDisplayNameAndTheirOwnCommands()
    {
        var api = _builder.AddSleep("api").Replicate(2).Resource;
        await using var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app);
        using var watch = await client.OpenAsync("WatchResources", new WireRequest());
        var seen = (await watch.NextAsync())!.Message(1).Messages(1);

        var stopped = await client.CallAsync("ExecuteResourceCommand", new WireRequest().Text(1, "stop").Text(2, api.InstanceIds()[1]));

        Assert.Equal(api.InstanceIds().Order(StringComparer.Ordinal), seen.Select(r => r.Text(1)).Order(StringComparer.Ordinal));
        Assert.All(seen, r => Assert.Equal("api", r.Text(3)));
        Assert.Equal(1, stopped.Number(1));
        Assert.Equal(["Running", "Finished"], api.InstanceIds().Select(id => app.State(id).State?.Text));
    }
}
