using System.Net;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Tests;

public sealed class ResourceTargetTests
{
    private const string Path = "/api/prometheus/targets";

    [Fact]
    public async Task Targets_AppHostNotThere_AreUnknownAndNotNone()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        await new ResourceBrowser(process).GetAsync(Path, HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Targets_Instances_AreTheirOwnAddressesWithReleaseFromTelemetry()
    {
        await using var server = await ResourceServer.StartAsync(
            Service("orders", "a", "http://localhost:5191"), Service("orders", "b", "http://*:5192"), ResourceModel.Service("traffic", "c"),
            ResourceModel.Service("worker", "d").With(resource => resource.Urls.Add(new Url { EndpointName = "management", FullUrl = "http://localhost:5193" })),
            ResourceModel.Service("late", "e", "Waiting").With(resource =>
            {
                resource.StartedAt = null;
                resource.Urls.Add(new Url { EndpointName = "management", FullUrl = "http://localhost:5194" });
            }));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        await new ResourceBrowser(process).UntilConnectedAsync();
        await SendAsync(process, "a", "2026.11.20-1111111", 1);
        await SendAsync(process, "a", "2026.11.21-9f4a21c", 2);

        var targets = (await process.GetJsonAsync(Path)).AsArray();

        Assert.Equal(["localhost:5191", "localhost:5192", "localhost:5193"], targets.Select(target => (string?)target!["targets"]![0]).Order(StringComparer.Ordinal));
        var labels = targets[0]!["labels"]!;
        Assert.Equal(
            ("orders", "orders-a", "orders", "a", "2026.11.21-9f4a21c", "/metrics", "http"),
            ((string?)labels["job"], (string?)labels["instance"], (string?)labels["service_name"], (string?)labels["service_instance_id"], (string?)labels["service_version"], (string?)labels["__metrics_path__"], (string?)labels["__scheme__"]));
        Assert.Null(targets[1]!["labels"]!["service_version"]);
    }

    [Fact]
    public async Task Targets_InstanceThatDies_StaysAndOneThatIsStoppedLeavesUntilItStarts()
    {
        var server = await ResourceServer.StartAsync(Service("orders", "a", "http://localhost:5191"), Service("worker", "b", "http://localhost:5192"));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = new ResourceBrowser(process);
        await browser.UntilConnectedAsync();

        server.Change(Service("orders", "a", "http://localhost:5191").Exited(139));
        server.Change(Service("worker", "b", "http://localhost:5192").With(resource => resource.State = "Stopping"));
        server.Change(Service("worker", "b", "http://localhost:5192").Exited(0));
        await browser.UntilAsync(list => list["resources"]!.AsArray().All(resource => (string?)resource!["state"] == "Finished"));
        var stopped = await process.GetJsonAsync(Path);
        server.Change(Service("worker", "b", "http://localhost:5192"));
        await browser.UntilAsync(list => list["resources"]!.AsArray().Any(resource => (string?)resource!["state"] == "Running"));
        var started = await process.GetJsonAsync(Path);
        await server.DisposeAsync();
        await browser.UntilAsync(list => (string?)list["connection"]!["state"] == "Lost");
        var away = await process.GetJsonAsync(Path);

        Assert.Equal(["orders"], Jobs(stopped));
        Assert.Equal(["orders", "worker"], Jobs(started));
        Assert.Equal(["orders", "worker"], Jobs(away));
    }

    [Fact]
    public async Task Targets_ObservatoryItself_IsNone()
    {
        await using var server = await ResourceServer.StartAsync(Service("orders", "a", "http://localhost:5191"));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        server.Change(Service("observatory", "o", process.Management.BaseAddress!.ToString()));
        await new ResourceBrowser(process).UntilAsync(list => (int)list["totalCount"]! == 2);

        Assert.Equal(["orders"], Jobs(await process.GetJsonAsync(Path)));
    }

    private static IEnumerable<string?> Jobs(JsonNode targets) => targets.AsArray().Select(target => (string?)target!["labels"]!["job"]).Order(StringComparer.Ordinal);

    private static async Task SendAsync(ObservatoryProcess process, string instance, string release, byte span)
    {
        var request = Telemetry.Request("orders", Telemetry.Span(span));
        var attributes = request.ResourceSpans[0].Resource.Attributes;
        attributes.Single(attribute => attribute.Key == "service.instance.id").Value.StringValue = instance;
        attributes.Add(Telemetry.Attribute("service.version", release));
        Assert.Equal(200, (await Send.HttpAsync(process, "/v1/traces", request.ToByteArray())).Status);
    }

    private static Resource Service(string name, string instance, string address) => ResourceModel.Service(name, instance).With(resource =>
    {
        // What people use leads to any of the instances.
        resource.Urls.Add(new Url { EndpointName = "management", FullUrl = "http://localhost:9999" });
        resource.Environment.Add(new EnvironmentVariable { Name = "Kestrel__Endpoints__management__Url", Value = address });
    });
}
