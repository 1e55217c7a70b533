using System.Diagnostics;
using System.Net;
using Aspire.Hosting.ApplicationModel;
using Platform.AppHost;
using Platform.Faults.Processes;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>Two of orders, payments and worker: each instance can be asked, frozen, killed and deployed by itself.</summary>
[Collection(nameof(SecondPlatform))]
public sealed class ReplicaTests(SecondPlatform two)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Instances_OfAService_HaveAddressesOfTheirOwn()
    {
        var instances = two.Instances();

        Assert.Equal(2, instances.Select(instance => (instance.InstanceId, instance.ProcessId, instance.Management)).Distinct().Count());
        foreach (var instance in instances)
        {
            await HealthyAsync(instance);
        }
    }

    [Fact]
    public async Task Instance_Frozen_LeavesTheOtherServing()
    {
        var (frozen, serving) = (two.Instances()[0], two.Instances()[1]);
        await Task.WhenAll(HealthyAsync(frozen), HealthyAsync(serving));
        await Signals.StopAsync(frozen.ProcessId, Cancellation);
        try
        {
            Assert.Null(await HealthAsync(frozen, TimeSpan.FromSeconds(2)));
            Assert.Equal(HttpStatusCode.OK, await HealthAsync(serving, TimeSpan.FromSeconds(30)));
            using var answer = await two.ProductsAsync(serving, Cancellation);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
        finally
        {
            Signals.Send(frozen.ProcessId, Signals.Continue);
        }

        await HealthyAsync(frozen);
    }

    /// <summary>
    /// Frozen with messages in hand and perhaps rows locked: the broker gives it up after its heartbeats, the database after its idle
    /// transaction, and the other instance goes on meanwhile and takes over.
    /// </summary>
    [Fact]
    public async Task Instance_FrozenInTheMiddleOfOrders_IsTakenOver()
    {
        const int Orders = 20;
        var (frozen, serving) = (two.Instances()[0], two.Instances()[1]);
        await Task.WhenAll(HealthyAsync(frozen), HealthyAsync(serving));
        var placed = new List<Guid>();
        try
        {
            for (var order = 0; order < Orders; order++)
            {
                placed.Add(await two.PlaceAsync(serving, Cancellation));
                if (order == Orders / 2)
                {
                    await Signals.StopAsync(frozen.ProcessId, Cancellation);
                }
            }

            foreach (var id in placed)
            {
                await Eventually.GetAsync(
                    () => two.StatusOfAsync(serving, id, Cancellation),
                    status => status == "fulfilled",
                    $"order {id} is fulfilled while one instance stands still",
                    TimeSpan.FromSeconds(90)
                );
            }
        }
        finally
        {
            Signals.Send(frozen.ProcessId, Signals.Continue);
        }
    }

    /// <summary>One instance of each service dies, and later one of each stands still: the other goes on with its work.</summary>
    [Fact]
    public async Task Instances_OneOfEachServiceKilledAndThenFrozen_LoseNothing()
    {
        var books = await Books.OpenAsync(two.App, two.Acquirer, Cancellation);
        var lost = SecondPlatform.Replicated.Select(service => two.Instances(service)[0]).ToList();
        var serving = two.Instances()[1];
        await Task.WhenAll(lost.Append(serving).Select(HealthyAsync));
        await PlaceAsync(serving);
        lost.ForEach(instance => Signals.Send(instance.ProcessId, Signals.Kill));
        await PlaceAsync(serving);
        foreach (var instance in lost)
        {
            await two
                .App.ResourceNotifications.WaitForResourceAsync(
                    instance.Resource,
                    state =>
                        state.ResourceId == instance.ResourceId && KnownResourceStates.TerminalStates.Contains(state.Snapshot.State?.Text),
                    Cancellation
                )
                .WaitAsync(PlatformFixture.StateTimeout, Cancellation);
            var started = await two.App.ResourceCommands.ExecuteCommandAsync(
                instance.ResourceId,
                KnownResourceCommands.StartCommand,
                Cancellation
            );
            Assert.True(started.Success, started.Message);
            await two.BothRunAsync(instance.Resource);
        }

        var frozen = SecondPlatform
            .Replicated.Select(service => two.Instances(service).First(instance => instance.ResourceId != serving.ResourceId))
            .ToList();
        await Task.WhenAll(frozen.Select(HealthyAsync));
        await Task.WhenAll(frozen.Select(instance => Signals.StopAsync(instance.ProcessId, Cancellation)));
        try
        {
            await PlaceAsync(serving);
        }
        finally
        {
            frozen.ForEach(instance => Signals.Send(instance.ProcessId, Signals.Continue));
        }

        await books.MustBalanceAsync(Cancellation);

        async Task PlaceAsync(ServiceInstance instance)
        {
            for (var order = 0; order < 10; order++)
            {
                await two.PlaceAsync(instance, Cancellation);
            }
        }
    }

    [Fact]
    public async Task Instance_Deployed_RunsAnotherReleaseThanItsReplica()
    {
        var (deployed, other) = (two.Instances()[0], two.Instances()[1]);
        var result = await two.App.ResourceCommands.ExecuteCommandAsync(deployed.ResourceId, "deploy", Cancellation);
        Assert.True(result.Success, result.Message);

        var again = await Eventually.GetAsync(
            () => Task.FromResult(two.Instances().SingleOrDefault(instance => instance.ResourceId == deployed.ResourceId)),
            instance => instance is not null && instance.ProcessId != deployed.ProcessId,
            "the deployed instance runs again"
        );
        Assert.Equal(other, two.Instances().Single(instance => instance.ResourceId == other.ResourceId));
        await HealthyAsync(again!);
        Assert.NotEqual(await ReleaseAsync(again!), await ReleaseAsync(other));
    }

    private async Task<string> ReleaseAsync(ServiceInstance instance)
    {
        var traceId = ActivityTraceId.CreateRandom().ToString();
        using var answer = await two.ProductsAsync(instance, Cancellation, traceId);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var spans = await two.Dashboard.WaitForSpanAsync(traceId, "GET /api/products", Cancellation);
        return spans.First(span => span.Service == "orders").Release;
    }

    private static Task HealthyAsync(ServiceInstance instance) =>
        Eventually.GetAsync(
            () => HealthAsync(instance, TimeSpan.FromSeconds(2)),
            status => status == HttpStatusCode.OK,
            $"{instance.ResourceId} is healthy",
            TimeSpan.FromSeconds(60)
        );

    /// <summary>Null when there is no answer in time.</summary>
    private static async Task<HttpStatusCode?> HealthAsync(ServiceInstance instance, TimeSpan timeout)
    {
        using var http = new HttpClient { BaseAddress = instance.Management, Timeout = timeout };
        try
        {
            using var answer = await http.GetAsync("/health", Cancellation);
            return answer.StatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException { InnerException: TimeoutException })
        {
            return null;
        }
    }
}
