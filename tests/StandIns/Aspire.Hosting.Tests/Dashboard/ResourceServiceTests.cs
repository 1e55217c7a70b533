using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Tests.Dashboard;

public sealed class ResourceServiceTests
{
    private readonly IDistributedApplicationBuilder _builder = AppModel.Create("DcpPublisher:RandomizePorts=true");

    [Fact]
    public async Task Information_RightKey_NamesTheApplication()
    {
        await using var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app);

        var answer = await client.CallAsync("GetApplicationInformation", new WireRequest());

        Assert.Equal(("Aspire.Hosting.Tests", "13.5.2"), (answer.Text(1), answer.Text(2)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("wrong")]
    public async Task AnyCall_WrongOrNoKey_IsUnauthenticated(string key)
    {
        await using var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app, key);

        foreach (var method in new[] { "GetApplicationInformation", "WatchResources", "WatchResourceConsoleLogs", "ExecuteResourceCommand" })
        {
            Assert.Equal(new CallOutcome(16, "The header x-resource-service-api-key is missing or wrong."), await client.OutcomeAsync(method, new WireRequest()));
        }
    }

    [Fact]
    public async Task AnyCall_AnonymousAllowed_NeedsNoKey()
    {
        var builder = AppModel.Create("DcpPublisher:RandomizePorts=true", "DASHBOARD_UNSECURED_ALLOW_ANONYMOUS=true");
        await using var app = await TestApp.StartAsync(builder);
        using var client = new DashboardClient(app, "");

        await client.CallAsync("GetApplicationInformation", new WireRequest());

        Assert.Equal("Unsecured", builder.Configuration["AppHost:ResourceService:AuthMode"]);
        Assert.Null(builder.Configuration["AppHost:ResourceService:ApiKey"]);
    }

    [Fact]
    public async Task Key_Configured_IsTheKey()
    {
        await using var app = await TestApp.StartAsync(AppModel.Create("DcpPublisher:RandomizePorts=true", "AppHost:ResourceService:ApiKey=k1"));
        using var client = new DashboardClient(app, "k1");

        await client.CallAsync("GetApplicationInformation", new WireRequest());
    }

    [Theory]
    [InlineData("WatchInteractions", 12)]
    [InlineData("NoSuchMethod", 12)]
    public async Task Call_UnknownMethod_IsUnimplemented(string method, int status)
    {
        await using var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app);

        Assert.Equal(status, (await client.OutcomeAsync(method, new WireRequest())).Status);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0 }, 3)]
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 1 }, 3)]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, 0x0A, 0x7F }, 3)]
    [InlineData(new byte[] { 1, 0, 0, 0, 0 }, 12)]
    public async Task Call_MalformedOrCompressedMessage_IsRefused(byte[] body, int status)
    {
        await using var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app);
        using var stream = await client.OpenAsync("ExecuteResourceCommand", body);

        Assert.Null(await stream.NextAsync());

        Assert.Equal(status, stream.Outcome.Status);
    }

    [Fact]
    public async Task Call_NotGrpc_Is415()
    {
        await using var app = await TestApp.StartAsync(_builder);
        using var http = new HttpClient(new SocketsHttpHandler()) { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var response = await http.GetAsync(new Uri(_builder.Configuration["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"]!), Limit.Token);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public void Address_Configured_IsKeptUnlessPortsAreRandom()
    {
        const string Given = "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL=http://localhost:20888";

        Assert.Equal("http://localhost:20888", AppModel.Create(Given).Configuration["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"]);
        Assert.NotEqual("http://localhost:20888", AppModel.Create(Given, "DcpPublisher:RandomizePorts=true").Configuration["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"]);
        Assert.StartsWith("http://localhost:", AppModel.Create().Configuration["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://localhost:20888")]
    [InlineData("http://198.51.100.1:20888")]
    [InlineData("nonsense")]
    public async Task Start_AddressThatCannotBe_SaysWhatItMustBe(string address)
    {
        await using var app = AppModel.Create($"ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL={address}").Build();

        var error = await Assert.ThrowsAsync<DistributedApplicationException>(() => app.StartAsync(Limit.Token));

        Assert.Equal($"ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL is '{address}'; it must be an http address of this machine: http://localhost:20888.", error.Message);
    }

    [Fact]
    public async Task Start_TakenPort_NamesPortAndProcess()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var app = AppModel.Create(string.Create(CultureInfo.InvariantCulture, $"ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL=http://localhost:{port}")).Build();

        var error = await Assert.ThrowsAsync<DistributedApplicationException>(() => app.StartAsync(Limit.Token));

        Assert.StartsWith(
            string.Create(CultureInfo.InvariantCulture, $"Port {port} of the resource service (ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL) is taken by "), error.Message, StringComparison.Ordinal);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"(pid {Environment.ProcessId})"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WatchResources_RunningResource_HasEverythingADashboardShows()
    {
        _builder.Services.AddHealthChecks().AddCheck("door", () => HealthCheckResult.Degraded("ajar"));
        var store = _builder.AddSleep("store");
        var api = _builder.AddSleep("api").WithHttpEndpoint().WithHealthCheck("door").WithReference("docs", new Uri("http://docs.test")).WaitForStart(store)
            .WithEnvironment("COLOUR", "red")
            .WithIconName("Box", IconVariant.Regular)
            .WithUrlForEndpoint("http", url => url.DisplayText = "Shop")
            .WithUrls(context => context.Urls.Add(new ResourceUrlAnnotation { Url = "http://docs.test", DisplayLocation = UrlDisplayLocation.DetailsOnly }))
            .WithCommand("reset", "Reset", _ => Task.FromResult(CommandResults.Success()), new CommandOptions
            {
                Description = "Forgets everything.",
                ConfirmationMessage = "Really?",
                IconName = "Delete",
                IsHighlighted = true,
            });
        await using var app = await TestApp.StartAsync(_builder);
        await app.ReachAsync("api", s => s.HealthReports.Any(r => r.Status is not null));
        using var client = new DashboardClient(app);

        var resource = await ResourceAsync(client, "api");

        Assert.Equal((api.Resource.InstanceId(), "Executable", "api", "Running"), (resource.Text(1), resource.Text(2), resource.Text(3), resource.Text(5)));
        Assert.Equal(resource.Text(1), resource.Text(4));
        Assert.True(resource.Has(6) && resource.Has(18) && !resource.Has(19));
        Assert.Equal(("Box", 0), (resource.Text(23), resource.Number(24)));
        Assert.False(resource.Truth(21));

        var properties = resource.Messages(12).ToDictionary(p => p.Text(1));
        Assert.Equal("sleep", properties["resource.source"].Message(3).Plain());
        Assert.EndsWith("/sleep", (string)properties["executable.path"].Message(3).Plain()!, StringComparison.Ordinal);
        Assert.Equal("/", properties["executable.workDir"].Message(3).Plain());
        Assert.Equal((double)app.State("api").Pid(), properties["executable.pid"].Message(3).Plain());
        Assert.Equal(new object[] { "300" }, properties["executable.args"].Message(3).Plain());
        Assert.True(properties["executable.args"].Truth(4));
        Assert.False(properties["executable.path"].Truth(4));

        var colour = resource.Messages(7).Single(v => v.Text(1) == "COLOUR");
        Assert.Equal(("red", true), (colour.Text(2), colour.Truth(3)));

        var urls = resource.Messages(13).ToDictionary(u => u.Text(2));
        var http = urls[api.GetEndpoint("http").Url];
        Assert.Equal(("http", false, false, "Shop"), (http.Text(1), http.Truth(3), http.Truth(4), http.Message(5).Text(2)));
        Assert.Equal((false, true), (urls["http://docs.test"].Has(1), urls["http://docs.test"].Truth(3)));

        Assert.Equal(["store WaitFor"], resource.Messages(20).Select(r => $"{r.Text(1)} {r.Text(2)}"));
        var report = Assert.Single(resource.Messages(17));
        Assert.Equal((2, "door", "ajar", true), (report.Number(1), report.Text(2), report.Text(3), report.Has(5)));

        var commands = resource.Messages(11).ToDictionary(c => c.Text(1));
        var reset = commands["reset"];
        Assert.Equal(("Reset", "Really?", true, "Delete", "Forgets everything.", 0), (reset.Text(2), reset.Text(3), reset.Truth(5), reset.Text(6), reset.Text(8), reset.Number(9)));
        Assert.Equal((2, 0, 0), (commands["start"].Number(9), commands["stop"].Number(9), commands["restart"].Number(9)));
    }

    [Fact]
    public async Task WatchResources_ServerWithPartAndSecret_FlagsAndLinksThem()
    {
        var server = _builder.AddResource(new ServerResource("server"));
        _builder.AddResource(new ServerPartResource("part", server.Resource));
        _builder.AddParameter("secret", "s3cret", secret: true);
        _builder.AddExecutable("broken", "no-such-command", "/").WithHidden();
        await using var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app);

        var part = await ResourceAsync(client, "part");
        var secret = (await ResourceAsync(client, "secret")).Messages(12).Single(p => p.Text(1) == "Value");
        var broken = await ResourceAsync(client, "broken");

        Assert.Equal("part", part.Text(1));
        Assert.Equal(server.Resource.InstanceId(), part.Messages(12).Single(p => p.Text(1) == "resource.parentName").Message(3).Plain());
        Assert.Contains(part.Messages(20), r => (r.Text(1), r.Text(2)) == ("server", "Parent"));
        Assert.Equal(("s3cret", true), (secret.Message(3).Plain(), secret.Truth(4)));
        Assert.Equal(("FailedToStart", "error", true), (broken.Text(5), broken.Text(14), broken.Truth(21)));
    }

    [Fact]
    public async Task WatchResources_NotYetRunning_UrlsAreInactiveAndHealthIsUnknown()
    {
        _builder.AddSleep("api").WithHttpEndpoint().WithHealthCheck("door").WithExplicitStart();
        await using var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app);

        var resource = await ResourceAsync(client, "api");

        Assert.True(Assert.Single(resource.Messages(13)).Truth(4));
        Assert.False(Assert.Single(resource.Messages(17)).Has(1));
    }

    [Fact]
    public async Task WatchResources_RestartOfOne_SendsItsStatesInOrder()
    {
        _builder.AddSleep("api");
        _builder.AddSleep("web");
        await using var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app);
        using var watch = await client.OpenAsync("WatchResources", new WireRequest().Truth(1, true));
        var initial = (await watch.NextAsync())!.Message(1);

        await app.ExecuteAsync("api", "restart");
        var states = new List<string> { initial.Messages(1).Single(r => r.Text(3) == "api").Text(5) };
        while (states.Count < 5)
        {
            foreach (var api in (await watch.NextAsync())!.Message(2).Messages(1).Select(c => c.Message(2)).Where(r => r.Text(3) == "api"))
            {
                if (states[^1] != api.Text(5))
                {
                    states.Add(api.Text(5));
                }
            }
        }

        Assert.Equal(["api Running", "web Running"], initial.Messages(1).Select(r => $"{r.Text(3)} {r.Text(5)}").Order());
        Assert.Equal(["Running", "Stopping", "Finished", "Starting", "Running"], states);
    }

    [Fact]
    public async Task WatchResources_ApplicationStops_EndsAsUnavailable()
    {
        _builder.AddSleep("api");
        var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app);
        using var watch = await client.OpenAsync("WatchResources", new WireRequest());
        await watch.NextAsync();

        await app.DisposeAsync();
        while (await watch.NextAsync() is not null)
        {
            // The states of the stop itself.
        }

        Assert.Equal(new CallOutcome(14, "The application stops."), watch.Outcome);
    }

    [Fact]
    public async Task ConsoleLogs_SuppressFollow_EndsWithTheBacklog()
    {
        var api = _builder.AddShell("api", "echo out; echo err >&2; sleep 300").Resource;
        await using var app = await TestApp.StartAsync(_builder);
        await Limit.EventuallyAsync(() => app.PrintedAsync(api).GetAwaiter().GetResult().Count == 2, "two lines");
        using var client = new DashboardClient(app);

        var lines = (await client.CallAsync("WatchResourceConsoleLogs", new WireRequest().Text(1, api.InstanceId()).Truth(2, true))).Messages(1);

        Assert.Equal([1, 2], lines.Select(l => l.Number(3)));
        Assert.Equal(["err True", "out False"], lines.Select(l => $"{l.Text(1).Split(' ')[1]} {l.Truth(2)}").Order());
        Assert.All(lines, l => Assert.True(DateTime.TryParse(l.Text(1).Split(' ')[0], CultureInfo.InvariantCulture, out _)));
    }

    [Fact]
    public async Task ConsoleLogs_Follow_SendsTheBacklogAndThenNewLines()
    {
        var gate = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        var api = _builder.AddShell("api", $"echo one; until [ -e {gate} ]; do sleep 0.02; done; echo two; sleep 300").Resource;
        await using var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app);
        using var watch = await client.OpenAsync("WatchResourceConsoleLogs", new WireRequest().Text(1, api.InstanceId()));

        var first = (await watch.NextAsync())!.Messages(1);
        try
        {
            await File.WriteAllTextAsync(gate, "", Limit.Token);
            var second = (await watch.NextAsync())!.Messages(1);

            Assert.EndsWith(" one", Assert.Single(first).Text(1), StringComparison.Ordinal);
            Assert.EndsWith(" two", Assert.Single(second).Text(1), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(gate);
        }
    }

    [Fact]
    public async Task ConsoleLogs_LongBacklog_ComesInMessagesAClientAccepts()
    {
        const int Line = 60_000;
        var api = _builder.AddShell("api", $"for i in 1 2 3 4 5 6 7 8 9 10; do head -c {Line} /dev/zero | tr '\\0' x; echo; done; sleep 300").Resource;
        await using var app = await TestApp.StartAsync(_builder);
        await Limit.EventuallyAsync(() => app.PrintedAsync(api).GetAwaiter().GetResult().Count == 10, "ten lines");
        using var client = new DashboardClient(app);
        using var watch = await client.OpenAsync("WatchResourceConsoleLogs", new WireRequest().Text(1, api.InstanceId()).Truth(2, true));

        var counts = new List<int>();
        while (await watch.NextAsync() is { } update)
        {
            counts.Add(update.Messages(1).Count);
        }

        Assert.Equal([4, 4, 2], counts);
    }

    [Fact]
    public async Task ConsoleLogs_UnknownResource_IsNotFound()
    {
        await using var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app);

        Assert.Equal(new CallOutcome(5, "Resource 'nobody' not found."), await client.OutcomeAsync("WatchResourceConsoleLogs", new WireRequest().Text(1, "nobody")));
    }

    [Fact]
    public async Task Execute_Results_HaveTheirKinds()
    {
        var api = _builder.AddSleep("api")
            .WithCommand("plain", "Plain", _ => Task.FromResult(CommandResults.Success()))
            .WithCommand("told", "Told", _ => Task.FromResult(CommandResults.Success("done", "{}", CommandResultFormat.Json)))
            .WithCommand("failing", "Failing", _ => throw new InvalidOperationException("It broke."))
            .WithCommand("canceled", "Canceled", _ => Task.FromResult(CommandResults.Canceled())).Resource;
        await using var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app);

        var plain = await ExecuteAsync("plain");
        var told = await ExecuteAsync("told");
        var failing = await ExecuteAsync("failing");
        var canceled = await ExecuteAsync("canceled");
        var unknown = await ExecuteAsync("dance");

        Assert.Equal((1, false, false), (plain.Number(1), plain.Has(2), plain.Has(3)));
        Assert.Equal((1, "done", "{}", 2), (told.Number(1), told.Text(2), told.Message(3).Text(1), told.Message(3).Number(2)));
        Assert.Equal((2, "It broke."), (failing.Number(1), failing.Text(2)));
        Assert.Equal(3, canceled.Number(1));
        Assert.Equal((2, $"Command 'dance' not available for resource '{api.InstanceId()}'."), (unknown.Number(1), unknown.Text(2)));

        Task<WireMessage> ExecuteAsync(string name) =>
            client.CallAsync("ExecuteResourceCommand", new WireRequest().Text(1, name).Text(2, api.InstanceId()).Text(3, "Executable"));
    }

    [Fact]
    public async Task Execute_WithArguments_HandsThemOverAndShowsWhatItTakes()
    {
        var api = _builder.AddSleep("api").WithCommand(
            "greet", "Greet",
            context => Task.FromResult(new ExecuteCommandResult
            {
                Success = true,
                Data = new CommandResultData { Value = string.Join(' ', context.Arguments.Select(a => $"{a.Name}={a.Value}")), Format = CommandResultFormat.Markdown, DisplayImmediately = true },
            }),
            new CommandOptions
            {
                Arguments =
                [
                    new InteractionInput { Name = "name", Label = "Name", Description = "Whom", InputType = InputType.Text, Required = true, Placeholder = "Ada", MaxLength = 10 },
                    new InteractionInput { Name = "times", InputType = InputType.Number, Value = "1" },
                    new InteractionInput { Name = "loud", InputType = InputType.Boolean },
                    new InteractionInput { Name = "how", InputType = InputType.Choice, Options = [new("hi", "Hi!")], AllowCustomChoice = true, Disabled = true },
                    new InteractionInput { Name = "secret", InputType = InputType.SecretText, Value = "s3cret" },
                ],
            }).Resource;
        await using var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app);
        var request = new WireRequest().Text(1, "greet").Text(2, api.InstanceId()).Truth(6, true);

        var inputs = (await ResourceAsync(client, "api")).Messages(11).Single(c => c.Text(1) == "greet").Messages(10);
        var wrong = await client.CallAsync("ExecuteResourceCommand", request);
        var right = await client.CallAsync("ExecuteResourceCommand", request
            .Entry(5, "name", new WireRequest().Text(3, "Ada"))
            .Entry(5, "times", new WireRequest().Real(2, 2.5))
            .Entry(5, "loud", new WireRequest().Truth(4, true)));

        Assert.Equal(("Name", "Ada", 1, true, "Whom", 10, "name"), (inputs[0].Text(1), inputs[0].Text(2), inputs[0].Number(3), inputs[0].Truth(4), inputs[0].Text(8), inputs[0].Number(10), inputs[0].Text(14)));
        Assert.Equal([1, 5, 4, 3, 2], inputs.Select(i => i.Number(3)));
        Assert.Equal(("times", "1"), (inputs[1].Text(1), inputs[1].Text(6)));
        Assert.Equal(("hi", "Hi!", true, true), (inputs[3].Message(5).Text(1), inputs[3].Message(5).Text(2), inputs[3].Truth(11), inputs[3].Truth(15)));
        Assert.Equal("", inputs[4].Text(6));
        Assert.Equal((4, "Invalid arguments: name: a value is required."), (wrong.Number(1), wrong.Text(2)));
        Assert.Equal((1, "name=Ada times=2.5 loud=true how= secret=s3cret", 3, true), (right.Number(1), right.Message(3).Text(1), right.Message(3).Number(2), right.Message(3).Truth(3)));
    }

    [Fact]
    public async Task Execute_RestartOfWhatIsWatched_ShowsInStatesAndLog()
    {
        var api = _builder.AddShell("api", "echo run $$; exec sleep 300").Resource;
        await using var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app);
        using var resources = await client.OpenAsync("WatchResources", new WireRequest());
        using var log = await client.OpenAsync("WatchResourceConsoleLogs", new WireRequest().Text(1, api.InstanceId()));
        var lines = new List<string>();
        var before = (await resources.NextAsync())!.Message(1).Messages(1).Single();
        await LineAsync($" run {app.State("api").Pid()}");

        var restarted = await client.CallAsync("ExecuteResourceCommand", new WireRequest().Text(1, "restart").Text(2, api.InstanceId()).Text(3, "Executable"));

        WireMessage now;
        do
        {
            now = (await resources.NextAsync())!.Message(2).Messages(1)[^1].Message(2);
        }
        while (now.Text(5) != "Running" || Pid(now) == Pid(before));
        await LineAsync("The process ended with exit code 143.");
        await LineAsync($" run {Pid(now)}");
        Assert.Equal((1, "Successfully restarted 'api'."), (restarted.Number(1), restarted.Text(2)));
        Assert.Equal(before.Text(1), now.Text(1));

        static double Pid(WireMessage resource) => (double)resource.Messages(12).Single(p => p.Text(1) == "executable.pid").Message(3).Plain()!;

        async Task LineAsync(string end)
        {
            while (!lines.Any(l => l.EndsWith(end, StringComparison.Ordinal)))
            {
                lines.AddRange((await log.NextAsync())!.Messages(1).Select(l => l.Text(1)));
            }
        }
    }

    [Fact]
    public async Task Execute_ArgumentThatIsNoPlainValue_IsRefused()
    {
        var api = _builder.AddSleep("api").Resource;
        await using var app = await TestApp.StartAsync(_builder);
        using var client = new DashboardClient(app);

        var outcome = await client.OutcomeAsync(
            "ExecuteResourceCommand", new WireRequest().Text(1, "stop").Text(2, api.InstanceId()).Entry(5, "list", new WireRequest().Message(6, new WireRequest())));

        Assert.Equal(new CallOutcome(3, "Argument 'list' must be text, a number, true or false."), outcome);
    }

    private static async Task<WireMessage> ResourceAsync(DashboardClient client, string name)
    {
        using var watch = await client.OpenAsync("WatchResources", new WireRequest());
        var initial = await watch.NextAsync();
        return initial!.Message(1).Messages(1).Single(r => r.Text(3) == name);
    }
}
