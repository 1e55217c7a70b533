using System.Net;
using Google.Protobuf.WellKnownTypes;
using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Tests;

public sealed class ResourcePageTests
{
    private const string Script = "<script>alert('x')</script>\"'&";

    [Fact]
    public async Task Table_Shown_HasTroubleFirstAndReplicasAndChildrenBelow()
    {
        await using var server = await ResourceServer.StartAsync(
            ResourceModel.Service("gateway", "a", health: HealthStatus.Healthy),
            ResourceModel.Service("orders", "x", health: HealthStatus.Healthy), ResourceModel.Service("orders", "y", health: HealthStatus.Unhealthy),
            ResourceModel.Service("postgres", "p", health: HealthStatus.Healthy),
            new Resource { Name = "ordersdb", DisplayName = "ordersdb", ResourceType = "PostgresDatabase", State = "Running" }.Related("Parent", "postgres"),
            ResourceModel.Service("traffic", "t", "Waiting").Related("WaitFor", "gateway", "orders"),
            ResourceModel.Service("worker", "w").Exited(139), ResourceModel.Service("llm", "l").Exited(0));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = new ResourceBrowser(process);
        await browser.UntilConnectedAsync();

        var page = await browser.GetAsync("/resources");
        var rows = page.Split("<tr>").Skip(2).ToList();
        var names = rows.Select(row => row.Split("class=\"plain strong\"")[1].Split("href=\"/resources/")[1].Split('"')[0]).ToList();

        Assert.Equal(["worker-w", "orders", "orders-y", "orders-x", "traffic-t", "llm-l", "gateway-a", "postgres-p", "ordersdb"], names);
        Assert.Contains("exit code 139", rows[0], StringComparison.Ordinal);
        Assert.Contains("1 unhealthy, 1 running and healthy", rows[1], StringComparison.Ordinal);
        Assert.Contains("--depth:1", rows[2], StringComparison.Ordinal);
        Assert.Contains("waits for gateway, orders", rows[4], StringComparison.Ordinal);
        Assert.Contains("--depth:1", rows[8], StringComparison.Ordinal);
        Assert.Contains("""<time class="hm" datetime="2026-11-21T14:02:11.000Z">""", rows[6], StringComparison.Ordinal);
        Assert.Contains("""title="/src/gateway/gateway.csproj">gateway.csproj<""", rows[6], StringComparison.Ordinal);
        Assert.Contains("7\u202fresources: 1 failed, 1 unhealthy, 1 waiting or starting, 1 stopped, 3 running and healthy".Replace('\u202f', ' '), Plain(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Table_FilteredOrHidden_ShowsWhatWasAskedFor()
    {
        await using var server = await ResourceServer.StartAsync(
            ResourceModel.Service("gateway", "a").With(resource => resource.Urls.Add(new Url { FullUrl = "http://localhost:8080", EndpointName = "http" })),
            ResourceModel.Service("secretive", "s").With(resource => resource.IsHidden = true),
            new Resource { Name = "api-key", DisplayName = "api-key", ResourceType = "Parameter", State = "Running" },
            new Resource { Name = "lost-key", DisplayName = "lost-key", ResourceType = "Parameter", State = "ValueMissing" });
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = new ResourceBrowser(process);
        await browser.UntilConnectedAsync();

        var all = await browser.GetAsync("/resources");
        var hidden = await browser.GetAsync("/resources?hidden=true");
        var match = await browser.GetAsync("/resources?search=8080+project");
        var none = await browser.GetAsync("/resources?search=nothing");

        Assert.DoesNotContain("secretive", all, StringComparison.Ordinal);
        Assert.Contains("3 more that are hidden or only values", all, StringComparison.Ordinal);
        Assert.Contains("secretive", hidden, StringComparison.Ordinal);
        Assert.Equal((false, true, true), (all.Contains("\"/resources/api-key\"", StringComparison.Ordinal), all.Contains("\"/resources/lost-key\"", StringComparison.Ordinal), hidden.Contains("\"/resources/api-key\"", StringComparison.Ordinal)));
        Assert.Contains("href=\"http://localhost:8080\" rel=\"noopener noreferrer\"", match, StringComparison.Ordinal);
        Assert.Contains("No resource matches", none, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Table_ParentsThatGoRound_ShowsEachOnce()
    {
        await using var server = await ResourceServer.StartAsync(
            ResourceModel.Service("a", "1").Related("Parent", "b"), ResourceModel.Service("b", "1").Related("Parent", "c-1"), ResourceModel.Service("c", "1").Related("Parent", "a"),
            ResourceModel.Service("d", "1").Related("Parent", "d"));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = new ResourceBrowser(process);

        var list = await browser.UntilConnectedAsync();

        Assert.Equal(["a-1", "b-1", "c-1", "d-1"], list["resources"]!.AsArray().Select(resource => (string?)resource!["name"]).Order());
    }

    [Fact]
    public async Task Graph_Relationships_AreDrawnAndSaidInATable()
    {
        await using var server = await ResourceServer.StartAsync(
            ResourceModel.Service("gateway", "a").Related("Reference", "orders").Related("WaitFor", "orders"),
            ResourceModel.Service("orders", "x").Related("Reference", "postgres-p"), ResourceModel.Service("orders", "y").Related("Reference", "postgres-p"),
            ResourceModel.Service("postgres", "p"), ResourceModel.Service("acquirer", "q").Related("Reference", "gateway", "nobody"),
            ResourceModel.Service("payments", "z").Related("Reference", "acquirer"));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = new ResourceBrowser(process);
        await browser.UntilConnectedAsync();

        var page = await browser.GetAsync("/resources?view=graph");
        var rows = page.Split("<tbody>")[1].Split("</tbody>")[0].Split("<tr>").Skip(1).Select(row => string.Join(' ', row.Split('>').Select(part => part.Split('<')[0]).Where(part => part.Trim().Length > 0))).ToList();

        Assert.Equal(["acquirer refers to gateway", "gateway refers to, waits for orders", "orders refers to postgres", "payments refers to acquirer"], rows.Order(StringComparer.Ordinal).Select(row => row.Trim()));
        Assert.Equal(4, page.Split("<path class=\"e\"").Length - 1);

        // payments, acquirer, gateway, orders, postgres: each a column further right than who uses it.
        Assert.Equal([12, 218, 424, 630, 836], new[] { "payments", "acquirer", "gateway", "orders", "postgres" }.Select(name => Column(page, name)));
    }

    [Fact]
    public async Task Graph_UsesThatGoRound_IsDrawnAllTheSame()
    {
        await using var server = await ResourceServer.StartAsync(
            ResourceModel.Service("a", "1").Related("Reference", "b"), ResourceModel.Service("b", "1").Related("Reference", "a"));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = new ResourceBrowser(process);
        await browser.UntilConnectedAsync();

        var page = await browser.GetAsync("/resources?view=graph");

        Assert.Equal(2, page.Split("<path class=\"e\"").Length - 1);
    }

    [Fact]
    public async Task Resource_Opened_SaysEverythingThatIsKnown()
    {
        await using var server = await ResourceServer.StartAsync(
            ResourceModel.Service("payments", "a", health: HealthStatus.Degraded).Related("Reference", "rabbitmq").With(resource =>
            {
                resource.HealthReports[0].Exception = "System.TimeoutException: too slow";
                resource.Urls.Add(new Url { FullUrl = "amqp://localhost:5672", EndpointName = "tcp" });
                resource.Volumes.Add(new Volume { Source = "/tmp/data", Target = "/var/lib", MountType = "bind", IsReadOnly = true });
                resource.Properties.Add(new ResourceProperty { Name = "executable.pid", Value = Value.ForNumber(5120) });
            }),
            ResourceModel.Service("payments", "b", health: HealthStatus.Healthy), ResourceModel.Service("rabbitmq", "r"));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = new ResourceBrowser(process);
        await browser.UntilConnectedAsync();

        var page = await browser.GetAsync("/resources/payments");
        var json = await process.GetJsonAsync("/api/resources/payments");
        var rabbit = await browser.GetAsync("/resources/rabbitmq-r");

        foreach (var text in new[]
        {
            "Running, degraded: payments_check", "Oldest unpublished message is 42 s old", "System.TimeoutException: too slow", "/tmp/data to /var/lib, bind, read-only", "executable.pid",
            "5120", "href=\"/resources/payments-b\"", "href=\"/resources/rabbitmq\"", "<span class=\"mono endpoint\" title=\"tcp\">amqp://localhost:5672</span>",
        })
        {
            Assert.Contains(text, page, StringComparison.Ordinal);
        }

        Assert.Contains("is used by", rabbit, StringComparison.Ordinal);
        Assert.Equal(("payments-a", "Degraded", 2), ((string?)json["resource"]!["name"], (string?)json["healthReports"]![0]!["status"], json["instances"]!.AsArray().Count));
        await browser.GetAsync("/resources/nobody", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Values_OfTheEnvironment_AreMaskedUntilOneIsAskedFor()
    {
        await using var server = await ResourceServer.StartAsync(ResourceModel.Service("payments", "a").With(resource =>
        {
            resource.Environment.Add(new EnvironmentVariable { Name = "Acquirer__ApiKey", Value = "value-one" });
            resource.Environment.Add(new EnvironmentVariable { Name = "Payments__MaxConnections", Value = "value-two" });
            resource.Properties.Add(new ResourceProperty { Name = "executable.args", Value = Value.ForList(Value.ForString("value-three")), IsSensitive = true });
            resource.Properties.Add(new ResourceProperty { Name = "resource.connectionString", Value = Value.ForString("value-four") });
        }));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = new ResourceBrowser(process);
        await browser.UntilConnectedAsync();

        var masked = await browser.GetAsync("/resources/payments-a");
        var json = (await process.GetJsonAsync("/api/resources/payments-a")).ToJsonString();
        var one = await browser.PostAsync("/resources/payments-a/values", HttpStatusCode.OK, ("show", "environment:Acquirer__ApiKey"));
        var all = await browser.PostAsync("/resources/payments-a/values", HttpStatusCode.OK, ("show", "*"));
        var again = await browser.GetAsync("/resources/payments-a");

        Assert.Empty(Values(masked));
        Assert.Empty(Values(json));
        Assert.Equal(["value-one"], Values(one));
        Assert.Equal(["value-one", "value-two", "value-three", "value-four"], Values(all));
        Assert.Empty(Values(again));
        Assert.Contains("Acquirer__ApiKey<span class=\"badge line\">secret</span>", masked, StringComparison.Ordinal);
        Assert.DoesNotContain("Payments__MaxConnections<span", masked, StringComparison.Ordinal);

        static IEnumerable<string> Values(string text) => new[] { "value-one", "value-two", "value-three", "value-four" }.Where(value => text.Contains(value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pages_HtmlInEveryField_IsEncodedAndNoScriptIsALink()
    {
        var hostile = ResourceModel.Service("payments", "a").With(resource =>
        {
            (resource.DisplayName, resource.ResourceType, resource.State) = (Script, Script, Script);
            resource.Environment.Add(new EnvironmentVariable { Name = Script, Value = Script });
            resource.Properties.Add(new ResourceProperty { Name = Script, DisplayName = Script, Value = Value.ForString(Script) });
            resource.Urls.Add(new Url { EndpointName = Script, FullUrl = "javascript:alert(1)//" + Script });
            resource.HealthReports.Add(new HealthReport { Key = Script, Description = Script, Exception = Script });
            resource.Volumes.Add(new Volume { Source = Script, Target = Script, MountType = Script });
            resource.Commands.Add(new ResourceCommand { Name = Script, DisplayName = Script, DisplayDescription = Script, ConfirmationMessage = Script });
            resource.Commands[0].ArgumentInputs.Add(new InteractionInput { Name = Script, Label = Script, Description = Script, Placeholder = Script, Value = Script, InputType = InputType.Choice, AllowCustomChoice = true, Options = { [Script] = Script } });
        });
        await using var server = await ResourceServer.StartAsync("http://127.0.0.1:0", web => new ResourceServer(web)
        {
            Resources = [hostile.Related("Reference", "orders"), ResourceModel.Service("orders", "b")],
            Printed = [new ConsoleLogLine { LineNumber = 1, Text = Script }],
        });
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = new ResourceBrowser(process);
        await browser.UntilConnectedAsync();

        var table = await browser.GetAsync("/resources?search=" + Uri.EscapeDataString("<script>"));
        var graph = await browser.GetAsync("/resources?view=graph");
        await browser.GetAsync("/resources/payments-a");
        var page = await browser.PostAsync("/resources/payments-a/values", HttpStatusCode.OK, ("show", "*"));
        var command = await browser.GetAsync("/resources/payments-a/command?name=" + Uri.EscapeDataString(Script));
        var console = await browser.GetAsync("/resources/payments-a/console");

        foreach (var text in new[] { table, graph, page, command, console })
        {
            Assert.DoesNotContain("<script>", text, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("&lt;script&gt;", text, StringComparison.Ordinal);
            Assert.DoesNotContain("href=\"javascript", text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task Pages_WithoutTheBrowserToken_AreClosed()
    {
        await using var server = await ResourceServer.StartAsync(ResourceModel.Service("payments", "a"));
        await using var process = await ObservatoryProcess.StartAsync([.. server.Settings, "--Observatory:BrowserToken=tok-1"]);
        var browser = new ResourceBrowser(process);

        foreach (var path in new[] { "/resources", "/resources/payments-a", "/resources/payments-a/console", "/resources/payments-a/console/stream", "/api/resources" })
        {
            Assert.DoesNotContain("payments", await browser.GetAsync(path, HttpStatusCode.Unauthorized), StringComparison.Ordinal);
        }
    }

    private static int Column(string page, string name)
    {
        var place = page.Split($"<a href=\"/resources/{name}\"><g")[1].Split("translate(")[1].Split(' ')[0];
        return int.Parse(place, null);
    }

    private static string Plain(string page) => WebUtility.HtmlDecode(page).Replace('\u202f', ' ').Replace('\u00a0', ' ');
}
