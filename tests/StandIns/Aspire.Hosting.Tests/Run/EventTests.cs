using System.Collections.Concurrent;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Aspire.Hosting.Lifecycle;
using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Run;

public sealed class EventTests
{
    private readonly IDistributedApplicationBuilder _builder = AppModel.Create("DcpPublisher:RandomizePorts=true");
    private readonly ConcurrentQueue<string> _seen = [];

    [Fact]
    public async Task Start_OneResource_RaisesTheEventsInOrder()
    {
        _builder.Services.AddEventingSubscriber<Subscriber>();
        _builder.OnBeforeStart((_, _) => NoteAsync("before start"));
        _builder.Eventing.Subscribe<AfterResourcesCreatedEvent>((_, _) => NoteAsync("created"));
        _builder.AddResource(new ServerResource("server")).WithHttpEndpoint()
            .OnResourceEndpointsAllocated((_, _, _) => NoteAsync("allocated"))
            .OnConnectionStringAvailable((_, _, _) => NoteAsync("connection string"))
            .OnBeforeResourceStarted((_, _, _) => NoteAsync("before resource"))
            .WithEnvironment(_ => NoteAsync("environment"));
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(["before start", "allocated", "connection string", "before resource", "environment", "created"], _seen);
    }

    [Fact]
    public async Task Restart_OneResource_RepeatsItsEventsOncePerPeriod()
    {
        var ready = new SemaphoreSlim(0);
        _builder.AddResource(new ServerResource("server"))
            .OnConnectionStringAvailable((_, _, _) => NoteAsync("connection string"))
            .OnBeforeResourceStarted((_, _, _) => NoteAsync("before resource"))
            .WithEnvironment(_ => NoteAsync("environment"))
            .OnResourceStopped((_, _, _) => NoteAsync("stopped"))
            .OnResourceReady((_, _, _) =>
            {
                _seen.Enqueue("ready");
                ready.Release();
                return Task.CompletedTask;
            });
        await using var app = await TestApp.StartAsync(_builder);
        await ready.WaitAsync(Limit.Token);

        await app.ExecuteAsync("server", "restart");
        await ready.WaitAsync(Limit.Token);

        string[] period = ["connection string", "before resource", "environment", "ready"];
        Assert.Equal([.. period, "stopped", .. period], _seen);
    }

    [Fact]
    public async Task ConnectionStringAvailable_Server_AlsoReachesItsParts()
    {
        var server = _builder.AddResource(new ServerResource("server")).OnConnectionStringAvailable((r, _, _) => NoteAsync(r.Name));
        _builder.AddResource(new ServerPartResource("part", server.Resource)).OnConnectionStringAvailable((r, _, _) => NoteAsync(r.Name));
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(["server", "part"], _seen);
    }

    [Fact]
    public async Task Stopped_ProcessEnds_TellsStateAndExitCodeAndReachesTheParts()
    {
        var stopped = new TaskCompletionSource<CustomResourceSnapshot>();
        var server = _builder.AddResource(new ServerResource("server", seconds: "0")).OnResourceStopped((r, _, _) => NoteAsync(r.Name));
        _builder.AddResource(new ServerPartResource("part", server.Resource)).OnResourceStopped((r, e, _) =>
        {
            _seen.Enqueue(r.Name);
            stopped.SetResult(e.ResourceEvent.Snapshot);
            return Task.CompletedTask;
        });
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.Finished, (await stopped.Task.WaitAsync(Limit.Token)).State?.Text);
        Assert.Equal(["server", "part"], _seen);
    }

    [Fact]
    public async Task Initialize_EveryResource_IsRaisedOnce()
    {
        var initialized = new TaskCompletionSource<string>();
        _builder.AddParameter("colour", "red").OnInitializeResource((r, _, _) =>
        {
            initialized.SetResult(r.Name);
            return Task.CompletedTask;
        });
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal("colour", await initialized.Task.WaitAsync(Limit.Token));
    }

    [Fact]
    public async Task BeforeResourceStarted_SubscriberFails_FailsThatResourceOnly()
    {
        _builder.AddSleep("api").OnBeforeResourceStarted((_, _, _) => throw new InvalidOperationException("no"));
        _builder.AddSleep("web");
        await using var app = await TestApp.StartAsync(_builder);

        Assert.Equal(KnownResourceStates.FailedToStart, app.State("api").State?.Text);
        Assert.Equal(KnownResourceStates.Running, app.State("web").State?.Text);
    }

    [Fact]
    public async Task Unsubscribe_Subscription_HearsNothingMore()
    {
        var eventing = new DistributedApplicationEventing();
        var subscription = eventing.Subscribe<AfterResourcesCreatedEvent>((_, _) => NoteAsync("heard"));
        var model = new DistributedApplicationModel([]);

        await eventing.PublishAsync(new AfterResourcesCreatedEvent(null!, model), Limit.Token);
        eventing.Unsubscribe(subscription);
        await eventing.PublishAsync(new AfterResourcesCreatedEvent(null!, model), Limit.Token);

        Assert.Single(_seen);
    }

    private Task NoteAsync(string what)
    {
        _seen.Enqueue(what);
        return Task.CompletedTask;
    }

    /// <summary>Subscribes when the application starts; the builder's own subscriptions are older.</summary>
    private sealed class Subscriber : IDistributedApplicationEventingSubscriber
    {
        public Task SubscribeAsync(IDistributedApplicationEventing eventing, DistributedApplicationExecutionContext executionContext, CancellationToken cancellationToken)
        {
            eventing.Subscribe<BeforeStartEvent>((started, _) => started.Model.Resources.Count == 1 ? Task.CompletedTask : throw new InvalidOperationException("no model"));
            return Task.CompletedTask;
        }
    }
}
