using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Aspire.Hosting.Tests.Host;
using Aspire.Hosting.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Tests.Run;

public sealed class TestingBuilderTests
{
    [Fact]
    public async Task CreateAsync_AppHost_HasItsModelAndTheDefaultsOfTests()
    {
        await using var builder = await CreateAsync();

        Assert.Equal(["greeting", "sleeper"], builder.Resources.Select(r => r.Name));
        Assert.Equal("true", builder.Configuration["DcpPublisher:RandomizePorts"]);
        Assert.Equal("Aspire.Hosting.Tests.Host", builder.Environment.ApplicationName);
        Assert.EndsWith("/tests/StandIns/Aspire.Hosting.Tests.Host", builder.AppHostDirectory, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CreateAsync_LaunchProfileOfTheAppHost_IsItsEnvironment()
    {
        await using var builder = await CreateAsync();

        Assert.True(builder.Environment.IsDevelopment());
        Assert.Equal("green", builder.Configuration["HOST_COLOUR"]);
    }

    [Fact]
    public async Task CreateAsync_Arguments_ReachConfigurationAndWin()
    {
        await using var builder = await CreateAsync("--Parameters:greeting=good day", "DcpPublisher:RandomizePorts=false");

        Assert.Equal("good day", builder.Resources.OfType<ParameterResource>().Single().Value);
        Assert.Equal("false", builder.Configuration["DcpPublisher:RandomizePorts"]);
    }

    [Fact]
    public async Task CreateAsync_ConfigureBuilder_SeesTheOptionsOfTests()
    {
        var seen = (DisableDashboard: false, EnableResourceLogging: false);
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<ConstantDefault>(
            [], (options, settings) =>
            {
                seen = (options.DisableDashboard, options.EnableResourceLogging);
                settings.EnvironmentName = "Staging";
            }, Limit.Token);

        Assert.Equal((true, true), seen);
        Assert.Equal("Staging", builder.Environment.EnvironmentName);
    }

    [Fact]
    public async Task CreateAsync_EntryPointThrows_ThrowsThat()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => CreateAsync("--Host:Fault=broken on purpose"));

        Assert.Equal("broken on purpose", error.Message);
    }

    [Fact]
    public async Task BuildAsync_ModelThatCannotBeBuilt_ThrowsThat()
    {
        await using var builder = await CreateAsync();
        builder.Resources.Add(new ExecutableResource("SLEEPER", "sleep", "/"));

        await Assert.ThrowsAsync<DistributedApplicationException>(() => builder.BuildAsync(Limit.Token));
    }

    [Fact]
    public async Task StartAsync_ModelChangedBeforeTheBuild_RunsTheChangedModel()
    {
        await using var builder = await CreateAsync();
        builder.CreateResourceBuilder<ExecutableResource>("sleeper").WithEnvironment("ADDED", "by the test");
        builder.AddSleep("second");
        await using var app = await builder.BuildAsync(Limit.Token);

        await app.StartAsync(Limit.Token);

        Assert.True(app.ResourceNotifications.TryGetCurrentState("sleeper", out var sleeper));
        Assert.Contains(sleeper.Snapshot.EnvironmentVariables, v => v is { Name: "ADDED", Value: "by the test" });
        Assert.Contains(sleeper.Snapshot.EnvironmentVariables, v => v is { Name: "GREETING", Value: "hello" });
        await app.ResourceNotifications.WaitForResourceHealthyAsync("second", Limit.Token);
    }

    [Fact]
    public async Task GetEndpoint_BeforeAndAfterStart_ThrowsThenAnswers()
    {
        var release = new TaskCompletionSource();
        await using var builder = await CreateAsync();
        builder.OnBeforeStart((_, cancellationToken) => release.Task.WaitAsync(cancellationToken));
        await using var app = await builder.BuildAsync(Limit.Token);

        var early = Assert.Throws<InvalidOperationException>(() => app.GetEndpoint("sleeper"));
        release.SetResult();
        await app.StartAsync(Limit.Token);

        Assert.Equal("The application must be started before resolving endpoints or connection strings.", early.Message);
        var endpoint = app.GetEndpoint("sleeper", "http");
        Assert.NotEqual(18999, endpoint.Port);
        using var client = app.CreateHttpClient("sleeper");
        Assert.Equal(endpoint, client.BaseAddress);
    }

    [Fact]
    public async Task GetEndpoint_UnknownNames_SaysWhich()
    {
        await using var builder = await CreateAsync();
        await using var app = await builder.BuildAsync(Limit.Token);
        await app.StartAsync(Limit.Token);

        Assert.StartsWith("Resource 'nobody' not found.", Assert.Throws<ArgumentException>(() => app.GetEndpoint("nobody")).Message, StringComparison.Ordinal);
        Assert.StartsWith(
            "Endpoint 'grpc' for resource 'sleeper' not found.", Assert.Throws<ArgumentException>(() => app.GetEndpoint("sleeper", "grpc")).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(async () => await app.GetConnectionStringAsync("sleeper", Limit.Token));
    }

    [Fact]
    public async Task GetConnectionString_Started_IsTheResources()
    {
        await using var builder = await CreateAsync();
        builder.AddResource(new ServerResource("server"));
        await using var app = await builder.BuildAsync(Limit.Token);
        await app.StartAsync(Limit.Token);

        Assert.Equal("server=server", await app.GetConnectionStringAsync("server", Limit.Token));
    }

    [Fact]
    public async Task Dispose_StartedApplication_StopsEverything()
    {
        var builder = await CreateAsync();
        var app = await builder.BuildAsync(Limit.Token);
        await app.StartAsync(Limit.Token);
        Assert.True(app.ResourceNotifications.TryGetCurrentState("sleeper", out var state));
        var process = state.Snapshot.Pid();

        await app.DisposeAsync();
        await builder.DisposeAsync();

        Assert.False(Processes.IsAlive(process));
    }

    [Fact]
    public async Task Dispose_NeverBuilt_EndsTheEntryPoint()
    {
        var builder = await CreateAsync();

        await builder.DisposeAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => builder.BuildAsync(Limit.Token));
    }

    [Fact]
    public async Task Dispose_TestFailedBeforeTheStart_StopsEverything()
    {
        var release = new TaskCompletionSource();
        await using var builder = await CreateAsync();
        builder.OnBeforeStart((_, cancellationToken) => release.Task.WaitAsync(cancellationToken));
        var app = await builder.BuildAsync(Limit.Token);

        await app.DisposeAsync().AsTask().WaitAsync(Limit.Token);

        Assert.False(release.Task.IsCompleted);
    }

    private static async Task<IDistributedApplicationTestingBuilder> CreateAsync(params string[] args)
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<ConstantDefault>(args, Limit.Token);
        builder.Services.AddLogging(logging => logging.ClearProviders());
        return builder;
    }
}
