using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Run.Twins;
using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Run;

public sealed class LifecycleTests
{
    private readonly IDistributedApplicationBuilder _builder = AppModel.Create("DcpPublisher:RandomizePorts=true");

    [Fact]
    public async Task Start_Process_RunsAndIsHealthyWithoutChecks()
    {
        _builder.AddSleep("api").WithEnvironment("COLOUR", "red");
        await using var app = await TestApp.StartAsync(_builder);

        var running = (await app.ReachAsync("api", KnownResourceStates.Running)).Snapshot;

        Assert.Equal("Executable", running.ResourceType);
        Assert.Equal(Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy, running.HealthStatus);
        Assert.NotNull(running.StartTimeStamp);
        Assert.Contains(new EnvironmentVariableSnapshot("COLOUR", "red", IsFromSpec: true), running.EnvironmentVariables);
        Assert.True(Processes.IsAlive(running.Pid()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task End_ByItself_IsFinishedWithItsExitCode(int exitCode)
    {
        _builder.AddShell("job", $"exit {exitCode}");
        await using var app = await TestApp.StartAsync(_builder);

        var ended = (await app.ReachAsync("job", KnownResourceStates.Finished)).Snapshot;

        Assert.Equal(exitCode, ended.ExitCode);
        Assert.NotNull(ended.StopTimeStamp);
        Assert.Null(ended.HealthStatus);
    }

    [Fact]
    public async Task Watch_FromStartToEnd_SeesTheStatesInOrder()
    {
        _builder.AddShell("job", "read nothing; exit 3").WithExplicitStart();
        await using var app = await TestApp.StartAsync(_builder);
        var states = new List<string>();

        // The watch is registered with its first element: the command comes after it.
        await foreach (var change in app.App.ResourceNotifications.WatchAsync(Limit.Token))
        {
            if (change.Snapshot.State?.Text is not { } state || states.LastOrDefault() == state)
            {
                continue;
            }

            states.Add(state);
            if (state == KnownResourceStates.NotStarted)
            {
                Assert.True((await app.ExecuteAsync("job", "start")).Success);
            }

            if (state == KnownResourceStates.Finished)
            {
                break;
            }
        }

        Assert.Equal(["NotStarted", "Starting", "Running", "Finished"], states);
    }

    [Fact]
    public async Task Stop_Command_EndsTheProcessBySignal()
    {
        _builder.AddSleep("api");
        await using var app = await TestApp.StartAsync(_builder);
        var process = app.State("api").Pid();

        var result = await app.ExecuteAsync("api", "stop");

        Assert.Equal((true, "Successfully stopped 'api'."), (result.Success, result.Message));
        Assert.Equal((KnownResourceStates.Finished, 128 + 15), (app.State("api").State?.Text, app.State("api").ExitCode));
        Assert.False(Processes.IsAlive(process));
    }

    [Fact]
    public async Task Restart_Command_KeepsTheInstanceAndReplacesTheProcess()
    {
        var runs = 0;
        var api = _builder.AddSleep("api").WithEnvironment("RUN", () => (++runs).ToString(null, null)).Resource;
        await using var app = await TestApp.StartAsync(_builder);
        var first = await app.ReachAsync("api", KnownResourceStates.Running);

        var result = await app.ExecuteAsync("api", "resource-restart");

        var second = await app.ReachAsync("api", KnownResourceStates.Running);
        Assert.Equal((true, "Successfully restarted 'api'."), (result.Success, result.Message));
        Assert.Equal([api.InstanceId(), api.InstanceId()], [first.ResourceId, second.ResourceId]);
        Assert.NotEqual(first.Snapshot.Pid(), second.Snapshot.Pid());
        Assert.Null(second.Snapshot.ExitCode);
        Assert.Contains(new EnvironmentVariableSnapshot("RUN", "2", IsFromSpec: true), second.Snapshot.EnvironmentVariables);
    }

    [Fact]
    public async Task Restart_FixedPort_IsFreeAgainAndStaysTheSame()
    {
        var api = _builder.AddSleep("api").WithHttpEndpoint();
        await using var app = await TestApp.StartAsync(_builder);
        var url = api.GetEndpoint("http").Url;

        await app.ExecuteAsync("api", "restart");

        Assert.Equal(url, api.GetEndpoint("http").Url);
        Assert.Contains(app.State("api").Urls, u => u.Url == url && u.Name == "http");
    }

    [Fact]
    public async Task Start_ExplicitStart_WaitsForTheCommand()
    {
        _builder.AddSleep("api").WithExplicitStart();
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.NotStarted, app.State("api").State?.Text);
        Assert.True((await app.ExecuteAsync("api", "start")).Success);
        await app.ReachAsync("api", KnownResourceStates.Running);
    }

    [Fact]
    public async Task Child_WithoutProcess_MirrorsItsServer()
    {
        var server = _builder.AddResource(new ServerResource("server"));
        _builder.AddResource(new ServerPartResource("part", server.Resource));
        await using var app = await TestApp.StartAsync(_builder);

        await app.ReachAsync("part", KnownResourceStates.Running);
        await app.ExecuteAsync("server", "stop");

        await app.ReachAsync("part", KnownResourceStates.Finished);
    }

    [Fact]
    public async Task Parameters_KnownAndMissing_ShowIt()
    {
        _builder.AddParameter("known", "red");
        _builder.AddParameter("hidden", "red", secret: true);
        _builder.AddParameter("missing");
        _builder.AddParameter("broken", () => throw new InvalidOperationException("no"));
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(
            ["Running", "Running", "ValueMissing", "Error initializing parameter"],
            new[] { "known", "hidden", "missing", "broken" }.Select(name => app.State(name).State?.Text));
        Assert.True(app.State("hidden").Properties.Single(p => p.Name == "Value").IsSensitive);
    }

    [Fact]
    public async Task ExternalService_NobodyStartsIt_IsRunning()
    {
        _builder.AddExternalService("bank", "https://bank.test");
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.Running, app.State("bank").State?.Text);
    }

    [Fact]
    public async Task Urls_Callbacks_ChangeAndAddUrls()
    {
        var api = _builder.AddSleep("api").WithHttpEndpoint()
            .WithUrlForEndpoint("http", url => url.Url += "/pages")
            .WithUrl("https://docs.test", "Docs");
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(
            new[] { "https://docs.test", api.GetEndpoint("http").Url + "/pages" }.Order(StringComparer.Ordinal),
            app.State("api").Urls.Select(u => u.Url).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Container_WithNativeTwin_RunsAndEndsAsExited()
    {
        Assert.SkipWhen(new RedisTwin().Find() is null, "No Redis server on this machine.");
        var redis = _builder.AddRedis("cache");
        await using var app = await TestApp.StartAsync(_builder);

        await app.App.ResourceNotifications.WaitForResourceHealthyAsync("cache", Limit.Token);
        await app.ExecuteAsync("cache", "stop");

        Assert.Equal((KnownResourceStates.Exited, 0), (app.State("cache").State?.Text, app.State("cache").ExitCode));
        Assert.Contains(await app.PrintedAsync(redis.Resource), line => line.StartsWith("Asked for docker.io/library/redis:8.6; runs ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_Application_EndsEverythingAndRemovesTheRunFolder()
    {
        _builder.AddSleep("one");
        _builder.AddShell("two", "sleep 300 & wait");
        var app = await TestApp.StartAsync(_builder);
        int[] processes = [app.State("one").Pid(), app.State("two").Pid()];
        Assert.True(Directory.Exists(app.Folder));

        await app.App.StopAsync(Limit.Token);
        Assert.All(processes, id => Assert.False(Processes.IsAlive(id)));
        await app.DisposeAsync();

        Assert.False(Directory.Exists(app.Folder));
    }

    [Fact]
    public async Task Stop_WhileResourcesWait_EndsTheStartToo()
    {
        var never = _builder.AddSleep("never").WithExplicitStart();
        _builder.AddSleep("waiter").WaitFor(never);
        var app = TestApp.Start(_builder);
        await app.ReachAsync("waiter", KnownResourceStates.Waiting);

        await app.DisposeAsync();

        Assert.True(app.Started.IsCompleted);
    }
}
